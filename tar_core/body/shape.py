"""One shape per person, and shapes carried from one body to another; numpy only."""

import numpy as np

from tar_core.body.data import BodyData

JOINT_TOLERANCE = 0.01  # meters; how far a joint may lie off before another unit of beta is the better explanation


def rest_joints(body: BodyData, betas: np.ndarray) -> np.ndarray:
    """Joints of the T-pose for shapes [..., 10] -> [..., 24, 3], meters."""
    template = body.J_regressor @ body.v_template
    directions = np.einsum("jv,vck->jck", body.J_regressor, body.shapedirs)
    return template + np.einsum("jck,...k->...jc", directions, betas)


def consistent_shape(betas: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """The weighted median [10] of a person's shapes [N, 10], each coefficient by itself.

    A median, because the frames in which a person is half hidden are wrong by much, not by a little more.
    """
    weights = np.maximum(confidence, 1e-6)
    order = np.argsort(betas, axis=0)
    cumulated = np.cumsum(weights[order], axis=0)
    middle = (cumulated >= 0.5 * cumulated[-1]).argmax(0)
    return np.take_along_axis(betas, np.take_along_axis(order, middle[None], 0), 0)[0]


def transfer_shape(betas: np.ndarray, source: BodyData, target: BodyData) -> np.ndarray:
    """The betas [..., 10] of `target` whose joints lie nearest to those of `source` with `betas`, in the T-pose.

    Least squares on the joints relative to the pelvis, held towards the average shape as strongly as joints that are
    right to JOINT_TOLERANCE allow.
    """

    def relative(joints: np.ndarray) -> np.ndarray:
        return (joints - joints[..., :1, :]).reshape(*joints.shape[:-2], -1)

    number = target.shapedirs.shape[-1]
    average = relative(rest_joints(target, np.zeros(number)))
    directions = relative(rest_joints(target, np.eye(number))) - average  # [10, 72]
    wanted = relative(rest_joints(source, betas)) - average
    normal = directions @ directions.T + JOINT_TOLERANCE**2 * np.eye(number)
    return wanted @ np.linalg.solve(normal, directions).T


def move_to_shape(
    trans: np.ndarray, betas: np.ndarray, shape: np.ndarray, source: BodyData, target: BodyData
) -> np.ndarray:
    """Translations [N, 3] that keep everybody where the camera sees them when one shape replaces the frames' own.

    A person who turns out larger stands as much farther away: the pelvis moves on its line of sight by the ratio of
    the bodies' sizes, so that both look the same in the image.

    Args:
        trans: [N, 3] camera frame, meters; betas: [N, 10] of the body `source`.
        shape: [10] of the body `target`, for all frames.
    """
    before, after = rest_joints(source, betas), rest_joints(target, shape)
    ratio = _size(after) / _size(before)  # [N]
    return (before[:, 0] + trans) * ratio[:, None] - after[0]


def _size(joints: np.ndarray) -> np.ndarray:
    """How far the joints [..., 24, 3] lie from the pelvis, on the whole [...]."""
    return np.linalg.norm(joints - joints[..., :1, :], axis=(-2, -1))
