"""MakeHuman's shoulders hang forward of SMPL's; here they are turned back."""

import numpy as np
from scipy.spatial.transform import Rotation

from tar_core.skeleton import JOINT_NAMES

_ANGLE = np.deg2rad(12)


def turn_shoulders_back(points: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turns the collars about the vertical and carries the arms along without turning them: SMPL's square shoulders.

    Linear blend skinning by the joint weights, linear in points and joints together, so that it turns shape
    directions (points and joints per beta) as it turns figures.

    Args:
        points: [..., P, 3] in the T-pose; joints: [..., 24, 3]; weights: [P, 24].

    Returns:
        Both, turned.
    """
    turned_points, turned_joints = points.astype(np.float64), joints.astype(np.float64)
    for side, sign in (("left", 1), ("right", -1)):
        index = {name: JOINT_NAMES.index(f"{side}_{name}") for name in ("collar", "shoulder", "elbow", "wrist", "hand")}
        collar, shoulder = (joints[..., [index[name]], :] for name in ("collar", "shoulder"))
        arm = [index[name] for name in ("shoulder", "elbow", "wrist", "hand")]
        difference = Rotation.from_rotvec([0, sign * _ANGLE, 0]).as_matrix() - np.eye(3)
        arm_shift = (shoulder - collar) @ difference.T
        of_collar, of_arm = weights[:, [index["collar"]]], weights[:, arm].sum(1, keepdims=True)
        turned_points += of_collar * ((points - collar) @ difference.T) + of_arm * arm_shift
        turned_joints[..., arm, :] += arm_shift
    return turned_points, turned_joints
