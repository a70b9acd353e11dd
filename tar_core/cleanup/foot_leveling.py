"""Levels the feet that stand on the floor, by rotating the ankles.

A single camera shows the pitch of a foot poorly, so the toes of a standing foot often point into the floor or up. The
sole of a foot whose ankle and toes both rest is flat on the floor.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.motion import Floor, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import JOINT_NAMES, PARENTS, pose_skeleton

MAX_ANGLE = 25.0  # degrees between the foot and the floor; a foot that is tilted further is not flat
_FADE = 0.1  # seconds over which the correction fades in and out

_ANKLES = [JOINT_NAMES.index(f"{side}_ankle") for side in ("left", "right")]


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
    turns = np.zeros((len(person), len(_ANKLES), 3))
    for foot, ankle in enumerate(_ANKLES):
        sole_normal = bones[:, ankle, :3, 1]  # the T-pose's y axis, rotated with the foot
        rotation = matrix_to_axis_angle(rotation_between(sole_normal, np.broadcast_to(floor.up, sole_normal.shape)))
        is_flat = np.linalg.norm(rotation, axis=1) < np.radians(MAX_ANGLE)
        turns[:, foot] = _faded(stance[:, foot] * is_flat, round(_FADE * fps))[:, None] * rotation
    poses = turn_feet(poses, bones, turns)
    return replace(person, poses=poses.reshape(len(person), -1).astype(person.poses.dtype))


def turn_feet(poses: np.ndarray, bones: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Rotate the feet by rotating the ankles.

    Args:
        poses: [N, 24, 3] axis-angle.
        bones: [N, 24, 4, 4] of the poses, from `pose_skeleton`.
        turns: [N, 2, 3] axis-angle rotations of the left and the right foot, in the frame of the bones.

    Returns:
        [N, 24, 3]; feet with a rotation of zero are unchanged.
    """
    world, turned = bones[..., :3, :3], poses.astype(np.float64)
    for foot, ankle in enumerate(_ANKLES):
        changed = np.linalg.norm(turns[:, foot], axis=1) > 0
        parent, own = world[changed, PARENTS[ankle]], world[changed, ankle]
        rotations = axis_angle_to_matrix(turns[changed, foot])
        turned[changed, ankle] = matrix_to_axis_angle(parent.swapaxes(1, 2) @ rotations @ own)
    return turned


def _faded(weight: np.ndarray, frames: int) -> np.ndarray:
    """Moving average of weights [N] over an odd number of frames, so that they change gradually."""
    window = 2 * (frames // 2) + 1
    padded = np.pad(weight, window // 2, mode="edge")
    return np.convolve(padded, np.full(window, 1 / window), mode="valid")
