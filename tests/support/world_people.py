"""People for tests of the world benchmark: one who glides past the camera, and a perfect capture of one who sits."""

import numpy as np

from benchmarks.world.people import WorldPerson
from benchmarks.world.scenes import Actor, Recipe
from benchmarks.world.truth import Truth
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.motion import Floor, MotionClip
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle

SIZE = np.array([1280, 720])
FOCAL_LENGTH = 1000.0
BODY = load_body()
SITTING = Recipe("sitting", "sit down", (Actor("made/sit_down", 35, (0.5, 0.2)),), frames=120, distance=4.0, seed=3)


def walker(count: int = 100, speed: float = 1.2, depth: float = 5.0, height: float = 0.0) -> WorldPerson:
    """Someone who glides along +x, `depth` meters in front of a level camera 1 m above the floor, with moving joints.

    Args:
        speed: m/s at 30 fps.
        height: of the soles above the floor, meters.
    """
    random = np.random.default_rng(0)
    body = random.uniform(-0.3, 0.3, (24, 3)) + np.array([0, 0, 0.9])
    body[0] = 0, 0, 0.9
    path = np.stack([speed / 30 * (np.arange(count) - count // 2), np.full(count, depth), np.full(count, height)], 1)
    joints = body + path[:, None]
    soles = np.array([[0, 0, 0], [0.2, 0, 0], [0, 0.2, 0], [0.2, 0.2, 0.0]]) + path[:, None]
    return person_at(joints, soles)


def person_at(joints: np.ndarray, soles: np.ndarray, first: int = 0) -> WorldPerson:
    """A person of given joints [N, 24, 3] and soles [N, 4, 3] in the world, seen by the level camera."""
    cameras = np.tile([0.0, 0, 1], (len(joints), 1))
    from_camera = joints - cameras[:, None]
    in_camera = np.stack([from_camera[..., 0], -from_camera[..., 2], from_camera[..., 1]], -1)
    pixels = in_camera[..., :2] / in_camera[..., 2:] * FOCAL_LENGTH + (SIZE - 1) / 2
    return WorldPerson(first + np.arange(len(joints)), in_camera, joints, soles, cameras, pixels)


def perfect(truth: Truth) -> MotionClip:
    """The truth as a captured clip with its floor."""
    rotation, position = truth.rotations[0], truth.positions[0]
    person = truth.motion(0, BODY)
    poses = truth.poses[0].copy()
    poses[:, 0] = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(poses[:, 0]))
    person.poses = poses.reshape(len(truth), -1).astype(np.float32)
    pelvis = (truth.pelvis[0] - position) @ rotation.T
    person.trans = (pelvis - rest_joints(BODY, truth.betas[0])[0]).astype(np.float32)
    width, height = (int(side) for side in truth.size)
    center = (truth.size - 1) / 2
    floor = Floor(truth.up, float(position[1]))
    return MotionClip(30.0, width, height, truth.focal_length, center, "made", [person], floor=floor)
