"""The rotation of neck and head from the face."""

from collections.abc import Sequence

import numpy as np

from tar_core.face.tracker import SeenFace
from tar_core.people.seen_turns import corrections
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES, global_rotations

# Degrees, of the body network and of a face that is surely one (`make bench-wrists`).
HEAD_ERROR, FACE_ERROR = 15.0, 7.0
MAX_TURN = np.radians(70)  # between the face and the network's head; beyond it, one of them is another person's
NECK_SHARE = 0.5  # of a correction
NECK, HEAD = JOINT_NAMES.index("neck"), JOINT_NAMES.index("head")


def turn_head(poses: np.ndarray, looks: Sequence[SeenFace], frames: np.ndarray, fps: float) -> np.ndarray:
    """Turn neck and head so that the head agrees with the face that was seen.

    Args:
        poses: [N, 24, 3] axis-angle of the body in the camera.
        looks: in the order of their frames.
        frames: [N] consecutive frame numbers.
        fps: frames per second.

    Returns:
        The poses with another neck and head.
    """
    seen = [look for look in looks if frames[0] <= look.frame <= frames[-1]]
    if not seen:
        return poses
    local = np.asarray(axis_angle_to_matrix(poses.astype(np.float64)))
    own = global_rotations(local)[:, HEAD]
    rows = np.array([look.frame for look in seen]) - frames[0]
    found, presence = (np.array([getattr(look, name) for look in seen], np.float64) for name in ("turn", "presence"))
    angles = np.linalg.norm(matrix_to_axis_angle(own[rows].swapaxes(1, 2) @ found), axis=1)
    near = angles < MAX_TURN
    if not near.any():
        return poses
    turns = corrections(own, found[near], FACE_ERROR / presence[near], HEAD_ERROR, rows[near], fps)
    both = local[:, NECK] @ local[:, HEAD]  # relative to the chest
    about = (both @ turns[..., None])[..., 0]  # the correction in the axes of the chest
    neck = axis_angle_to_matrix(NECK_SHARE * about) @ local[:, NECK]
    head = neck.swapaxes(1, 2) @ axis_angle_to_matrix(about) @ both
    result, is_turned = poses.astype(np.float64), (turns != 0).any(1)
    result[is_turned, NECK] = matrix_to_axis_angle(neck)[is_turned]
    result[is_turned, HEAD] = matrix_to_axis_angle(head)[is_turned]
    return result
