"""Renders clips of synthetic people with recorded motion."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tar_core.body.data import FREE_BODY
from tar_core.camera.crop import Crop
from tar_core.datasets.shards import CLIP_FRAMES, CLIPS_PER_SHARD, Clip, write_shard
from tar_core.shard import WHOLE, Shard
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic.backgrounds import Background, Backgrounds
from tar_core.synthetic.meshes import SkinnedMesh
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.people import People
from tar_core.synthetic.renderer import Ground, PersonRenderer, crop_projection
from tar_core.synthetic.scene import Camera, sample_scene
from tar_core.synthetic.sensor import Sensor, repeat_border, sample_occluders
from tar_core.synthetic.splits import load_split

_FEET = [JOINT_NAMES.index(name) for name in ("left_foot", "right_foot", "left_ankle", "right_ankle")]


class Generator:
    """Renders random clips.

    Args:
        motions: the recordings to draw from.
        people: generates people.
        backgrounds: generates backgrounds.
        supersampling: see `PersonRenderer`.
        stills: whether to render clips of a single frame.
    """

    def __init__(
        self,
        motions: list[Motion],
        people: People,
        backgrounds: Backgrounds,
        supersampling: int = 1,
        stills: bool = False,
    ) -> None:
        self.motions = motions
        self.people = people
        self.backgrounds = backgrounds
        self.renderer = PersonRenderer(supersampling)
        self.stills = stills
        self._extremes = _extreme_vertices(people.body)

    def clip(self, random: np.random.Generator) -> Clip:
        """Render one clip, which depends only on the state of the random generator."""
        scene = sample_scene(random, self.motions, self._pose)
        if self.stills:
            scene = scene.still()
        motion, betas, camera, crops = scene.motion, scene.betas, scene.camera, scene.crops
        rest = self.people.joints(betas)
        bones, _ = pose_skeleton(motion.poses, rest)
        bones[..., :3, 3] += (motion.trans - rest[0])[:, None]
        pixels = scene.pixels()
        background = self.backgrounds.sample(random, camera.size, camera.focal_length, camera.rotation)
        is_occluded = random.random() < 0.25
        occluders = sample_occluders(random, self.backgrounds, crops[len(crops) // 2]) if is_occluded else []
        lowest = min(scene.joints[..., 1].min(), scene.extremes[..., 1].min())
        floor = np.array([0, lowest - 0.01, 0])
        ground = Ground(floor, random.uniform(0.2, 0.6), random.uniform(1, 2.5)) if random.random() < 0.7 else None
        sensor = Sensor.sample(random)

        self.renderer.dress(self.people.sample(random, betas))
        images = []
        for frame, crop in enumerate(crops):
            image = self._render_frame(bones[frame], camera, crop, background, ground)
            for occluder in occluders:
                image = occluder.draw(image, crop, frame - len(crops) // 2)
            image = repeat_border(image, crop, camera.size)
            images.append(sensor.expose(random, image, crop.size))

        camera_joints = scene.camera_joints()
        in_crop = np.stack([crop.from_image(points) for crop, points in zip(crops, pixels, strict=True)])
        outside = [pixels < 0, pixels > np.array(camera.size) - 1, in_crop < 0, in_crop > 255]
        return Clip(
            images=np.stack(images),
            poses=scene.camera_poses().astype(np.float32),
            betas=betas.astype(np.float32),
            # SMPL's skinning leaves the pelvis at its position in the T-pose.
            trans=(camera_joints[:, 0] - rest[0]).astype(np.float32),
            joints=camera_joints.astype(np.float32),
            crops=np.array([[c.center_x, c.center_y, c.size, c.roll] for c in crops]),
            focal_length=np.array(camera.focal_length),
            principal_point=camera.principal_point,
            frame_size=np.array(camera.size),
            truncated=np.array(any(side.any() for side in outside)),
            occluded=np.array(bool(occluders)),
            motion=np.array(motion.name),
        )

    def _render_frame(
        self, bones: np.ndarray, camera: Camera, crop: Crop, background: Background, ground: Ground | None
    ) -> np.ndarray:
        """Render the person over the background: a crop [256, 256, 3] without degradations."""
        view = np.eye(4)
        view[:3, :3], view[:3, 3] = camera.rotation, camera.translation
        projection = crop_projection(crop, camera.focal_length, camera.principal_point)
        if ground is not None:
            pelvis = bones[0, :3, 3] + bones[0, :3, :3] @ self.people.joint_template[0]
            ground = Ground(ground.center * [0, 1, 0] + pelvis * [1, 0, 1], ground.darkness, ground.softness)
        person = self.renderer.render(bones, view, projection, background.lighting, ground)
        behind = crop.cut(background.image).astype(np.uint16)
        return (person[..., :3] + behind * (255 - person[..., 3:]) // 255).clip(0, 255).astype(np.uint8)

    def _pose(self, poses: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute joints [T, 24, 3] and the positions of crown, fingertips and toes [T, 5, 3]."""
        bones, joints = pose_skeleton(poses, self.people.joints(betas))
        mesh, index = self.people.body, self._extremes
        shaped = np.append(mesh.template[index] + mesh.shapedirs[index] @ betas, np.ones((len(index), 1)), 1)
        transforms = np.einsum("vk,tvkab->tvab", mesh.weights[index], bones[:, mesh.joints[index]])
        return joints, np.einsum("tvab,vb->tva", transforms, shaped)[..., :3]


def _extreme_vertices(body: SkinnedMesh) -> np.ndarray:
    """Find the vertices of the crown, the fingertips and the toes: [5] indices."""
    x, y, z = body.template.T
    low = y < y.min() + 0.1
    toes = [np.where(low & (np.sign(x) == side), z, -np.inf).argmax() for side in (1, -1)]
    return np.array([y.argmax(), x.argmax(), x.argmin(), *toes])


@dataclass(frozen=True)
class RenderSettings:
    """What to render.

    Attributes:
        output: folder of the shards; existing shards are kept.
        motions: files, folders or tar archives of recordings.
        garments: the garments file, see `Wardrobe`.
        backgrounds: folder of photographs and panoramas.
        clips: number of clips.
        body: the free body that the garments are fitted to.
        textures: folder of MakeHuman's assets, see `Textures`, or None.
        split: "train" or "test".
        seed: the same seed gives the same clips.
        stills: whether to render clips of a single frame.
        supersampling: see `PersonRenderer`.
    """

    output: Path
    motions: Sequence[Path]
    garments: Path
    backgrounds: Path
    clips: int
    body: Path = FREE_BODY
    textures: Path | None = None
    split: str = "train"
    seed: int = 0
    stills: bool = False
    supersampling: int = 1


def render_shards(settings: RenderSettings, workers: int = 1, part: Shard = WHOLE) -> None:
    """Render all shards that do not exist yet.

    Args:
        settings: what to render.
        workers: number of processes, each with its own renderer.
        part: the part of the shards to render. A shard does not depend on the part.

    Raises:
        TarError: an input is missing or damaged.
    """
    settings.output.mkdir(parents=True, exist_ok=True)
    indices = part.of(range(-(-settings.clips // CLIPS_PER_SHARD)))
    if workers <= 1:
        _render(settings, indices)
        return
    # Renderers have OpenGL contexts, which do not survive a fork.
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.starmap(_render, [(settings, indices[k::workers]) for k in range(workers)])


def _render(settings: RenderSettings, indices: list[int]) -> None:
    """Render the shards of the given indices that do not exist yet."""
    people = People(settings.body, settings.garments, settings.textures)
    motions = load_split(settings.motions, people.joint_template, settings.split)
    backgrounds = Backgrounds(settings.backgrounds)
    generator = Generator(motions, people, backgrounds, settings.supersampling, settings.stills)
    for index in indices:
        path = settings.output / f"shard-{settings.seed:06d}-{index:05d}.npz"
        if path.exists():
            continue
        start = time.monotonic()
        random = np.random.default_rng([settings.seed, index])
        count = min(CLIPS_PER_SHARD, settings.clips - index * CLIPS_PER_SHARD)
        write_shard(path, [generator.clip(random) for _ in range(count)])
        speed = count * (1 if settings.stills else CLIP_FRAMES) / (time.monotonic() - start)
        print(f"{path.name}: {count} clips, {speed:.1f} frames/s", flush=True)
