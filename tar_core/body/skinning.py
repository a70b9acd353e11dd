"""Linear blend skinning of the whole mesh in NumPy."""

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import pose_skeleton


def posed_vertices(body: BodyData, pose: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Vertices of a posed body (Loper et al. 2015, eqs. 6 to 9), without SMPL's translation.

    Args:
        pose: [72] or [24, 3] axis-angle; [156] or [52, 3] if the body has hands.
        betas: [10] shape.

    Returns:
        [V, 3] meters.
    """
    axis_angle = pose.reshape(1, len(body.parents), 3)
    bones, _ = pose_skeleton(axis_angle, rest_joints(body, betas), body.parents)
    rest = body.v_template + body.shapedirs @ betas
    if body.has_pose_correctives:
        rest = rest + body.posedirs @ (axis_angle_to_matrix(axis_angle[0, 1:]) - np.eye(3)).reshape(-1)
    blended = (body.weights @ bones[0, :, :3].reshape(-1, 12)).reshape(-1, 3, 4)
    return np.einsum("vij,vj->vi", blended[..., :3], rest) + blended[..., 3]
