"""Smooth random motions as arrays, for tests of the tools that edit them."""

import numpy as np

from tar_blender.editing.bone_motion import BoneMotion
from tar_core.rotations import axis_angle_to_quaternion, continuous_quaternions

BONES = ("pelvis", "spine1", "left_hip", "right_hip", "left_knee", "right_knee", "left_collar", "right_collar")
PARTNERS = (0, 1, 3, 2, 5, 4, 7, 6)


def random_motion(seed: int, count: int = 60, first: int = 10) -> BoneMotion:
    """A motion in which the root turns and travels and all bones move, frames `first` to `first + count - 1`."""
    random = np.random.default_rng(seed)
    time = np.arange(count)[:, None, None] / 30
    speed, phase = random.uniform(0.5, 4, (len(BONES), 3)), random.uniform(0, 6, (len(BONES), 3))
    vectors = 0.5 * np.sin(speed * time + phase)
    vectors[:, 0] = [0.1, 0.05, 0] * vectors[:, 0] + time[:, 0] * [0, 0, random.uniform(-1, 1)]
    path = np.cumsum(random.uniform(-0.02, 0.02, 3) + 0.01 * np.sin(time[:, 0] * [2, 3, 4]), axis=0) + [1, 2, 1]
    return BoneMotion(first + np.arange(count), BONES, continuous_quaternions(axis_angle_to_quaternion(vectors)), path)


def apart(motion: BoneMotion, other: BoneMotion) -> float:
    """The largest difference of two motions: of rotations as quaternions of any sign, and of positions."""
    turns = [np.abs(motion.rotations - sign * other.rotations).max(-1) for sign in (1, -1)]
    return float(max(np.minimum(*turns).max(), np.abs(motion.positions - other.positions).max()))
