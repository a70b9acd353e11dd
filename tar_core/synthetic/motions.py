"""Human motion as SMPL poses, and its variations: mirrored, reversed, faster, with other leg lengths.

Poses are relative to SMPL's T-pose in a y-up world in which the T-pose faces +z. `trans` is the position of the pelvis
joint in meters.
"""

from dataclasses import dataclass, replace

import numpy as np

from tar_core.rotations import (
    axis_angle_to_quaternion,
    continuous_quaternions,
    quaternion_to_axis_angle,
    slerp,
)
from tar_core.skeleton import JOINT_NAMES, MIRROR

FPS = 30.0


@dataclass(frozen=True)
class Motion:
    """One recording.

    Attributes:
        name: for example `cmu/007_04`; the part before the slash is the collection.
        poses: [N, 24, 3] axis-angle; the first joint rotates the body in the world.
        trans: [N, 3] the pelvis joint in the world, meters, y up.
        fps: frames per second.
        legs: leg length of the recorded person (`leg_length`), meters; None if the file does not contain it.
    """

    name: str
    poses: np.ndarray
    trans: np.ndarray
    fps: float = FPS
    legs: float | None = None

    def __len__(self) -> int:
        return len(self.poses)


def leg_length(joints: np.ndarray) -> float:
    """Median length of the legs from hip over knee to ankle, meters.

    Args:
        joints: [..., 24, 3] SMPL's joints in any poses.
    """
    chain = [[JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("hip", "knee", "ankle")]
    return float(np.median(np.linalg.norm(np.diff(joints[..., chain, :], axis=-3), axis=-1).sum(-2)))


def with_legs(motion: Motion, legs: float) -> Motion:
    """Scale a motion to legs of `legs` meters: steps, jumps and the height of the pelvis.

    Motions of unknown leg length are returned unchanged.
    """
    return motion if motion.legs is None else replace(motion, trans=motion.trans * (legs / motion.legs), legs=legs)


def mirrored(motion: Motion) -> Motion:
    """Mirror a motion (x -> -x), exchanging left and right."""
    poses = motion.poses[:, list(MIRROR)] * np.array([1.0, -1.0, -1.0])
    return replace(motion, name=motion.name + "~mirrored", poses=poses, trans=motion.trans * np.array([-1.0, 1.0, 1.0]))


def reversed_in_time(motion: Motion) -> Motion:
    """Reverse a motion in time."""
    return replace(motion, name=motion.name + "~reversed", poses=motion.poses[::-1], trans=motion.trans[::-1])


def at_speed(motion: Motion, speed: float) -> Motion:
    """Play a motion `speed` times as fast at the same frame rate, interpolating rotations on the shorter arcs."""
    times = np.arange(0, len(motion) - 1 + 1e-9, speed)
    before = np.minimum(times.astype(int), len(motion) - 2)
    fraction = times - before
    quaternions = continuous_quaternions(axis_angle_to_quaternion(motion.poses))
    poses = quaternion_to_axis_angle(slerp(quaternions[before], quaternions[before + 1], fraction[:, None]))
    trans = motion.trans[before] * (1 - fraction[:, None]) + motion.trans[before + 1] * fraction[:, None]
    return replace(motion, name=f"{motion.name}~x{speed:g}", poses=poses, trans=trans)
