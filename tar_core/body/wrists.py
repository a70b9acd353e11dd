"""How far forearms twist and wrists bend. NumPy only.

The hand that a camera sees is limited about the axes of the forearm, with its twist. The wrist of a body whose hand is
held in place is limited about the arm of SMPL's T-pose, wherever it has been before.
"""

from dataclasses import dataclass

import numpy as np

from tar_core.body.hand_poses import palm_direction
from tar_core.rotations import (
    axis_angle_to_quaternion,
    matrix_to_quaternion,
    quaternion_product,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    twist_angle,
    wrap_angle,
)
from tar_core.skeleton import JOINT_NAMES, SMPLH_JOINT_NAMES

WRISTS = [JOINT_NAMES.index(f"{side}_wrist") for side in ("left", "right")]
# Largest angles of seen hands: twist of forearm and wrist together, flexion and extension, towards thumb and little
# finger.
MAX_TWIST, MAX_FLEXION, MAX_DEVIATION = np.radians([100.0, 80.0, 40.0])
MAX_BEND, MAX_ARM_TWIST = np.radians(85), np.radians(90)  # of the wrist alone, for hands that are held


@dataclass(frozen=True)
class ForearmAxes:
    """The axes of a forearm at rest, which are those of its hand; unit vectors [3].

    Attributes:
        along: from the elbow to the wrist.
        palm: direction in which the palm looks, about which the hand deviates towards thumb or little finger.
        flexion: about which the wrist bends.
    """

    along: np.ndarray
    palm: np.ndarray
    flexion: np.ndarray

    @classmethod
    def of_body(cls, side: str, rest_joints: np.ndarray) -> "ForearmAxes":
        """The axes of the forearm of a side of a body; `rest_joints` [52, 3] are in SMPL-H's order."""
        joints = dict(zip(SMPLH_JOINT_NAMES, rest_joints, strict=True))
        along = joints[f"{side}_wrist"] - joints[f"{side}_elbow"]
        along = along / np.linalg.norm(along)
        flexion = np.cross(palm_direction(side, joints), along)
        flexion /= np.linalg.norm(flexion)
        return cls(along, np.cross(along, flexion), flexion)


def limited_hands(rotations: np.ndarray, twist: np.ndarray, axes: ForearmAxes) -> np.ndarray:
    """The possible rotations [M, 3, 3] next to rotations of a hand relative to its forearm.

    Args:
        twist: [M] of the forearm.
    """
    quaternions = matrix_to_quaternion(rotations)
    own = twist_angle(quaternions, axes.along)
    total = wrap_angle(own + twist)
    limit = np.maximum(MAX_TWIST, np.abs(twist))
    about = (np.clip(total, -limit, limit) - twist)[:, None] * axes.along
    back = axis_angle_to_quaternion(-own[:, None] * axes.along)
    swing = quaternion_to_axis_angle(quaternion_product(back, quaternions))
    size = np.hypot(swing @ axes.flexion / MAX_FLEXION, swing @ axes.palm / MAX_DEVIATION)
    swing = swing / np.maximum(size, 1)[:, None]
    return np.asarray(
        quaternion_to_matrix(quaternion_product(axis_angle_to_quaternion(about), axis_angle_to_quaternion(swing)))
    )


def limited_wrists(poses: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Turn wrists back to the limits of the joint, or to where they were before if that is further.

    Args:
        poses: [N, 24, 3] axis-angle.
        before: [N, 24, 3] the poses before hands were held.
    """
    limited = poses.copy()
    for wrist in WRISTS:
        bend, twist = _bend_and_twist(poses[:, wrist])
        angle = np.linalg.norm(bend, axis=1, keepdims=True)
        bend_before, twist_before = _bend_and_twist(before[:, wrist])
        most = np.maximum(MAX_BEND, np.linalg.norm(bend_before, axis=1, keepdims=True))
        most_twist = np.maximum(MAX_ARM_TWIST, np.abs(twist_before))
        is_far = (angle[:, 0] > most[:, 0]) | (np.abs(twist) > most_twist)
        bend, twist = bend * np.minimum(1, most / angle.clip(1e-9)), twist.clip(-most_twist, most_twist)
        about_arm = np.stack([twist, 0 * twist, 0 * twist], 1)
        turned = quaternion_product(axis_angle_to_quaternion(bend), axis_angle_to_quaternion(about_arm))
        limited[is_far, wrist] = quaternion_to_axis_angle(turned)[is_far]
    return limited


def _bend_and_twist(wrist: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split rotations [N, 3] of a wrist into a bend [N, 3], and a twist [N] about the arm before it, the x axis."""
    quaternion = axis_angle_to_quaternion(wrist)
    twist = twist_angle(quaternion, np.array([1.0, 0, 0]))
    untwisted = axis_angle_to_quaternion(np.stack([-twist, 0 * twist, 0 * twist], 1))
    return np.asarray(quaternion_to_axis_angle(quaternion_product(quaternion, untwisted))), twist
