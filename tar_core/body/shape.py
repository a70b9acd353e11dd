"""Body shapes: rest joints, one shape per person, and conversion of shapes between bodies. NumPy only."""

from functools import lru_cache

import numpy as np

from tar_core.body.data import BodyData

JOINT_TOLERANCE = 0.01  # meters; error of a joint that costs as much as one unit of beta
SCALE_TOLERANCE = 0.003  # the same for a change of size, whose joints are known exactly
_HEIGHT_STEPS = 20  # of the search for a height, which converges in a few
_HEIGHT_TOLERANCE = 1e-4  # meters


def rest_joints(body: BodyData, betas: np.ndarray) -> np.ndarray:
    """Joints [..., 24, 3] of the T-pose for shapes [..., 10], meters."""
    template, directions = _regressed(body)
    return template + np.einsum("jck,...k->...jc", directions, betas)


@lru_cache(maxsize=4)
def _regressed(body: BodyData) -> tuple[np.ndarray, np.ndarray]:
    """Joints [J, 3] of the mean shape, and their changes [J, 3, 10] per unit of the betas."""
    return body.J_regressor @ body.v_template, np.einsum("jv,vck->jck", body.J_regressor, body.shapedirs)


def shape_of_joints(body: BodyData, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The shape [10] whose rest joints are closest to joints [J, 3], least squares, and its rest joints [J, 3]."""
    template, directions = _regressed(body)
    betas = np.linalg.lstsq(directions.reshape(joints.size, -1), (joints - template).ravel(), rcond=None)[0]
    return betas, rest_joints(body, betas)


def body_height(body: BodyData, betas: np.ndarray) -> float:
    """Height of the T-pose, whose y axis is up, from the lowest to the highest vertex, meters."""
    up = body.v_template[:, 1] + body.shapedirs[:, 1] @ betas
    return float(np.ptp(up))


def shape_of_height(body: BodyData, betas: np.ndarray, height: float) -> np.ndarray:
    """The shape [10] of a given height in meters whose proportions are closest to those of a shape [10].

    Heads grow less than bodies, so the scale of the joints is found step by step.
    """
    scale, shape = 1.0, betas
    for _ in range(_HEIGHT_STEPS):
        error = height - body_height(body, shape)
        if abs(error) < _HEIGHT_TOLERANCE:
            break
        scale += error / body_height(body, betas)
        shape, _ = scaled_shape(body, betas, scale)
    return shape


def median_shape(betas: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Weighted median [10] of a person's shapes [N, 10], for each coefficient.

    Unlike the mean, the median is robust against frames in which the person is partly hidden, whose errors are large.

    Args:
        confidence: [N] weights of the frames.
    """
    weights = np.maximum(confidence, 1e-6)
    order = np.argsort(betas, axis=0)
    cumulated = np.cumsum(weights[order], axis=0)
    middle = (cumulated >= 0.5 * cumulated[-1]).argmax(0)
    return np.take_along_axis(betas, np.take_along_axis(order, middle[None], 0), 0)[0]


def transfer_shape(betas: np.ndarray, source: BodyData, target: BodyData) -> np.ndarray:
    """Convert betas [..., 10] of the body `source` to betas of the body `target` with the same joints in the T-pose.

    Least squares on the joints relative to the pelvis, regularized toward the mean shape: a unit of beta costs as much
    as an error of JOINT_TOLERANCE.
    """

    def relative(joints: np.ndarray) -> np.ndarray:
        return (joints - joints[..., :1, :]).reshape(*joints.shape[:-2], -1)

    number = target.shapedirs.shape[-1]
    mean = relative(rest_joints(target, np.zeros(number)))
    directions = relative(rest_joints(target, np.eye(number))) - mean  # [10, 72]
    wanted = relative(rest_joints(source, betas)) - mean
    normal = directions @ directions.T + JOINT_TOLERANCE**2 * np.eye(number)
    return wanted @ np.linalg.solve(normal, directions).T


def scaled_shape(body: BodyData, betas: np.ndarray, scale: float) -> tuple[np.ndarray, float]:
    """The shape closest to `scale` times the size of a body with the same proportions.

    Least squares on the changes of the joints relative to the pelvis, regularized as in `transfer_shape`.

    Args:
        body: the body.
        betas: [10] its shape.
        scale: wanted ratio of the sizes.

    Returns:
        [10] betas, and the ratio of the sizes that they reach.
    """
    joints = rest_joints(body, betas)
    change = rest_joints(body, np.eye(len(betas))) - rest_joints(body, np.zeros(len(betas)))
    directions = (change - change[:, :1]).reshape(len(betas), -1)
    wanted = (scale - 1) * (joints - joints[:1]).ravel()
    normal = directions @ directions.T + SCALE_TOLERANCE**2 * np.eye(len(betas))
    scaled = betas + np.linalg.solve(normal, directions @ wanted)
    return scaled, float(_size(rest_joints(body, scaled)) / _size(joints))


def translation_for_shape(
    trans: np.ndarray, betas: np.ndarray, shape: np.ndarray, source: BodyData, target: BodyData
) -> np.ndarray:
    """Adjust a person's translations when one shape replaces the shapes of the frames, keeping the size in the image.

    A larger body is farther away: the pelvis moves along its line of sight by the ratio of the bodies' sizes.

    Args:
        trans: [N, 3] translations in the camera frame, meters.
        betas: [N, 10] shapes of the frames, of the body `source`.
        shape: [10] shape for all frames, of the body `target`.

    Returns:
        [N, 3] translations for `shape`.
    """
    before, after = rest_joints(source, betas), rest_joints(target, shape)
    ratio = _size(after) / _size(before)  # [N]
    return (before[:, 0] + trans) * ratio[:, None] - after[0]


def _size(joints: np.ndarray) -> np.ndarray:
    """Size [...] of bodies with joints [..., 24, 3]: root of the summed squared distances from the pelvis."""
    return np.linalg.norm(joints - joints[..., :1, :], axis=(-2, -1))
