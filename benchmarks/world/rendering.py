"""Renders the videos of the world benchmark with their truth, and keeps both in a cache."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.world.backdrops import Backdrop, make_backdrop
from benchmarks.world.cameras import camera_path
from benchmarks.world.motions import build_motion, turned
from benchmarks.world.scenes import Actor, Recipe
from benchmarks.world.truth import Truth
from tar_core.body.data import FREE_BODY, BodyData, load_body
from tar_core.camera.crop import Crop
from tar_core.skeleton import pose_skeleton
from tar_core.synthetic.motions import FPS, Motion
from tar_core.synthetic.people import People
from tar_core.synthetic.renderer import Ground, PersonRenderer, crop_projection
from tar_core.synthetic.scene import sample_betas
from tar_core.video.writer import VideoWriter

FRAME_SIDE = 1280  # pixels; a square around a frame of either orientation
SHADOW_SIZE = 1024
BLUR, NOISE = 0.6, 2.0  # of the camera: pixels, gray levels


@dataclass(frozen=True)
class Studio:
    """What all videos are made of.

    Attributes:
        recordings: by name.
        garments: a garments file, see `tar_core.synthetic.garments.Wardrobe`.
        panoramas: folder.
        cache: folder of the rendered videos.
    """

    recordings: Mapping[str, Motion]
    garments: Path
    panoramas: Path
    cache: Path

    def video(self, recipe: Recipe) -> tuple[Path, Truth]:
        """The video of a recipe and its truth, rendered unless they are in the cache."""
        path = self.cache / f"{recipe.name}-{recipe.digest}.mp4"
        truth_path = path.with_suffix(".npz")
        if not (path.exists() and truth_path.exists()):
            self.cache.mkdir(parents=True, exist_ok=True)
            truth = make_truth(recipe, self.recordings, load_body())
            visible = self._render(recipe, truth, path)
            replace(truth, visible=visible).save(truth_path)
        return path, Truth.load(truth_path)

    def _render(self, recipe: Recipe, truth: Truth, path: Path) -> np.ndarray:
        """Write the video; returns `Truth.visible`."""
        random = np.random.default_rng([recipe.seed, 1])
        people = People(FREE_BODY, self.garments)
        backdrop = make_backdrop(recipe.backdrop, self.panoramas, random)
        layers = [PersonLayer(people, truth, person, backdrop, random) for person in range(len(truth.betas))]
        visible = np.zeros((len(truth.betas), len(truth)))
        behind = None
        with VideoWriter(path, FPS, *recipe.size) as writer:
            for frame in range(len(truth)):
                if behind is None or recipe.movement != "static":
                    at = truth.rotations[frame], truth.positions[frame]
                    behind = backdrop.view(*at, truth.focal_length, recipe.size)
                drawn = [layer.draw(frame) for layer in layers]
                image, visible[:, frame] = compose(behind, drawn)
                image = cv2.GaussianBlur(image, (0, 0), BLUR)
                noise = NOISE * random.standard_normal(image.shape, np.float32)
                writer.write(np.clip(image + noise, 0, 255).astype(np.uint8))
        return visible


class PersonLayer:
    """Draws one dressed person into whole frames."""

    def __init__(
        self, people: People, truth: Truth, person: int, backdrop: Backdrop, random: np.random.Generator
    ) -> None:
        betas = truth.betas[person]
        rest = people.joints(betas)
        self._bones, _ = pose_skeleton(truth.poses[person], rest)
        self._bones[..., :3, 3] += (truth.pelvis[person] - rest[0])[:, None]
        self._truth, self._lighting = truth, backdrop.lighting
        self._darkness = random.uniform(0.3, 0.55)
        self._pelvis = truth.pelvis[person]
        self._renderer = PersonRenderer(shadow_size=SHADOW_SIZE, image_size=FRAME_SIDE)
        self._renderer.dress(people.sample(random, betas))
        center = (truth.size - 1) / 2
        self._projection = crop_projection(Crop(*center, FRAME_SIDE), truth.focal_length, center)

    def draw(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """The person's pixels [H, W, 4], premultiplied, and depths [H, W]; 1 where the person is not."""
        view = np.eye(4)
        view[:3, :3] = self._truth.rotations[frame]
        view[:3, 3] = -view[:3, :3] @ self._truth.positions[frame]
        ground = Ground(self._pelvis[frame] * [1, 0, 1], self._darkness)
        pixels = self._renderer.render(self._bones[frame], view, self._projection, self._lighting, ground)
        width, height = self._truth.size
        x, y = (FRAME_SIDE - int(width)) // 2, (FRAME_SIDE - int(height)) // 2
        region = np.s_[y : y + int(height), x : x + int(width)]
        return pixels[region], self._renderer.depth()[region]


def compose(behind: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Draw people over a background, nearer pixels over farther ones.

    Args:
        behind: [H, W, 3] uint8.
        layers: premultiplied pixels [H, W, 4] uint8 and depths [H, W] (1 for no person) of each person.

    Returns:
        the image, and for each person the share of its pixels that no other person hides; 0 without pixels.
    """
    image = behind.astype(np.uint16)
    is_person = [depth < 1 for _, depth in layers]
    for (pixels, _), own in zip(layers, is_person, strict=True):
        alpha = np.where(own, 0, pixels[..., 3:].max(-1))  # the shadow
        image = image * (255 - alpha[..., None].astype(np.uint16)) // 255
    depths = np.stack([depth for _, depth in layers])
    nearest = depths.argmin(0)
    shares = np.zeros(len(layers))
    for number, ((pixels, _), own) in enumerate(zip(layers, is_person, strict=True)):
        front = own & (nearest == number)
        image[front] = pixels[front][:, :3]
        shares[number] = front.sum() / max(own.sum(), 1)
    return image.astype(np.uint8), shares


def make_truth(recipe: Recipe, recordings: Mapping[str, Motion], body: BodyData) -> Truth:
    """Place people and camera; `visible` is not known yet."""
    random = np.random.default_rng([recipe.seed, 0])
    betas = np.stack([sample_betas(random) for _ in recipe.actors])
    acted = [
        act(actor, recipe.frames, recordings, shaped(body, shape))
        for actor, shape in zip(recipe.actors, betas, strict=True)
    ]
    pelvis = np.stack([motion.trans for motion in acted])
    subject = pelvis.mean(0) * [1, 0, 1] + np.array([0.0, recipe.aim, 0])
    position = np.array([recipe.aside, recipe.height, recipe.distance])
    rotations, positions = camera_path(recipe.movement, position, subject, recipe.roll, random)
    return Truth(
        size=np.array(recipe.size),
        focal_length=recipe.lens * float(np.hypot(*recipe.size)),
        rotations=rotations,
        positions=positions,
        poses=np.stack([motion.poses for motion in acted]),
        betas=betas,
        pelvis=pelvis,
        visible=np.ones((len(acted), recipe.frames)),
    )


def shaped(body: BodyData, betas: np.ndarray) -> BodyData:
    """The body whose mean shape is the shape `betas` of another."""
    return replace(body, v_template=(body.v_template + body.shapedirs @ betas).astype(np.float32))


def act(actor: Actor, frames: int, recordings: Mapping[str, Motion], body: BodyData) -> Motion:
    """The motion of an actor, turned and centered at its place.

    Raises:
        ValueError: the motion is too short.
    """
    motion = turned(build_motion(actor.motion, recordings, body), actor.yaw)
    part = slice(actor.first, actor.first + frames)
    motion = replace(motion, poses=motion.poses[part], trans=motion.trans[part])
    if len(motion) < frames:
        raise ValueError(f"{actor.motion}: {len(motion)} frames from frame {actor.first} on, fewer than {frames}")
    middle = (motion.trans.min(0) + motion.trans.max(0)) / 2
    shift = np.array([actor.place[0], 0, actor.place[1]]) - middle * [1, 0, 1]
    return replace(motion, trans=motion.trans + shift)
