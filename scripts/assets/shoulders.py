"""Correct MakeHuman's shoulders, which are further forward than SMPL's."""

import numpy as np

from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import ALL_JOINT_NAMES, NUM_JOINTS

_ANGLE = np.deg2rad(12)


def turn_shoulders_back(points: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotate the collars backward about the vertical axis; the arms move along without rotating.

    This is linear blend skinning with the joint weights. It is linear in points and joints together, so it also applies
    to shape directions (offsets of points and joints per unit of beta).

    Args:
        points: [..., P, 3] in the T-pose, meters.
        joints: [..., 24, 3] of SMPL, or [..., 54, 3] with the joints of its fingers.
        weights: [P, 24] skinning weights.

    Returns:
        the corrected points and joints.
    """
    turned_points, turned_joints = points.astype(np.float64), joints.astype(np.float64)
    for side, sign in (("left", 1), ("right", -1)):
        index = {
            name: ALL_JOINT_NAMES.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist", "hand")
        }
        collar, shoulder = (joints[..., [index[name]], :] for name in ("collar", "shoulder"))
        arm = [index[name] for name in ("shoulder", "elbow", "wrist", "hand")]
        fingers = [k for k in range(NUM_JOINTS, joints.shape[-2]) if ALL_JOINT_NAMES[k].startswith(side)]
        difference = axis_angle_to_matrix(np.array([0, sign * _ANGLE, 0])) - np.eye(3)
        arm_shift = (shoulder - collar) @ difference.T
        of_collar, of_arm = weights[:, [index["collar"]]], weights[:, arm].sum(1, keepdims=True)
        turned_points += of_collar * ((points - collar) @ difference.T) + of_arm * arm_shift
        turned_joints[..., arm + fingers, :] += arm_shift
    return turned_points, turned_joints
