"""Levels the feet that stand on the floor, by rotating the ankles.

A single camera shows the pitch of a foot poorly, so the toes of a standing foot often point into the floor or up. The
sole of a foot whose ankle and toes both rest is flat on the floor.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.limb_ik import LEGS, turn_ends
from tar_core.motion import Floor, PersonMotion
from tar_core.rotations import matrix_to_axis_angle, rotation_between
from tar_core.skeleton import pose_skeleton

MAX_ANGLE = 25.0  # degrees between the foot and the floor; a foot that is tilted further is not flat
_FADE = 0.1  # seconds over which the correction fades in and out


def level_feet(person: PersonMotion, body: BodyData, fps: float, floor: Floor, stance: np.ndarray) -> PersonMotion:
    """Rotate the ankles so that the soles of standing feet are parallel to the floor.

    Args:
        person: the motion.
        body: the body of the motion.
        fps: frame rate.
        floor: gives the direction of up.
        stance: [N, 2] how certainly ankle and toes of the left and the right foot both rest, 0..1.

    Returns:
        The motion with other rotations of the ankles only.
    """
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    bones, _ = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    turns = np.zeros((len(person), len(LEGS), 3))
    for foot, (_, _, ankle) in enumerate(LEGS):
        sole_normal = bones[:, ankle, :3, 1]  # the T-pose's y axis, rotated with the foot
        rotation = matrix_to_axis_angle(rotation_between(sole_normal, np.broadcast_to(floor.up, sole_normal.shape)))
        is_flat = np.linalg.norm(rotation, axis=1) < np.radians(MAX_ANGLE)
        turns[:, foot] = _faded(stance[:, foot] * is_flat, round(_FADE * fps))[:, None] * rotation
    poses = turn_ends(poses, bones, LEGS, turns)
    return replace(person, poses=poses.reshape(len(person), -1).astype(person.poses.dtype))


def _faded(weight: np.ndarray, frames: int) -> np.ndarray:
    """Moving average of weights [N] over an odd number of frames, so that they change gradually."""
    window = 2 * (frames // 2) + 1
    padded = np.pad(weight, window // 2, mode="edge")
    return np.convolve(padded, np.full(window, 1 / window), mode="valid")
