"""Finger angles from the landmarks of a hand, by bounded least squares."""

from dataclasses import dataclass

import numpy as np

from tar_core.hands.skeleton import HIGHEST, IS_FREE, LOWEST, SPREAD, HandSkeleton
from tar_core.model.hand_landmarks import PALM_LANDMARKS
from tar_core.rotations import align_vectors, axis_angle_to_matrix

ITERATIONS = 12
LANDMARK_ERROR = 0.01  # meters, of a landmark's x and y
DEPTH_ERROR = 0.02  # meters, of its z
ANGLE_ERROR = 0.5  # of expected angles, as a share of how much the angles of hands vary
DAMPING = 1e-3


@dataclass(frozen=True)
class FittedHand:
    """The pose of a hand in N frames.

    Attributes:
        angles: [N, 5, 3, 3] of the joints about their axes (`HandSkeleton`), radians.
        palm: [N, 3, 3] rotation of the palm from SMPL's T-pose to the axes of the landmarks.
        error: [N] root mean square distance of the landmarks from the fitted hand, meters.
    """

    angles: np.ndarray
    palm: np.ndarray
    error: np.ndarray


def fit_hand(skeleton: HandSkeleton, landmarks: np.ndarray, expected: np.ndarray) -> FittedHand:
    """Fit a hand to landmarks by Levenberg-Marquardt steps, with angles inside their limits.

    The sum of the squared distances and of the squared angles from the expected ones, in units of their expected
    errors, is minimized over the angles, and the place, rotation and size of the hand.

    Args:
        landmarks: [N, 21, 3] in MediaPipe's order, meters, z away from the camera.
        expected: [N, 5, 3, 3] angles inside their limits, radians.
    """
    count, free = len(landmarks), IS_FREE.reshape(-1)
    weights = 1 / np.array([LANDMARK_ERROR, LANDMARK_ERROR, DEPTH_ERROR])
    angles = expected.copy()
    rest = np.concatenate([np.zeros((1, 3)), skeleton.chains.reshape(20, 3)])[PALM_LANDMARKS]
    rest, rigid = rest - rest.mean(0), landmarks[:, PALM_LANDMARKS]
    ones = np.ones(len(rest))
    palm = np.stack([align_vectors(rest, points, ones) for points in rigid - rigid.mean(1, keepdims=True)])
    place, size = landmarks[:, 0].copy(), np.ones(count)
    for _ in range(ITERATIONS):
        residual, jacobian = _linearize(skeleton, landmarks, angles, palm, place, size)
        a = (jacobian * weights[:, None]).reshape(count, 63, -1)
        b = (residual * weights).reshape(count, 63, 1)
        normal, gradient = a.swapaxes(1, 2) @ a, a.swapaxes(1, 2) @ b
        prior = 1 / (ANGLE_ERROR * SPREAD.reshape(-1)[free]) ** 2
        pose = np.arange(len(prior))
        normal[:, pose, pose] += prior
        gradient[:, pose, 0] += prior * (expected - angles).reshape(count, -1)[:, free]
        diagonal = np.arange(normal.shape[1])
        normal[:, diagonal, diagonal] *= 1 + DAMPING
        step = _solve(normal, gradient[..., 0])
        flat = angles.reshape(count, -1)
        flat[:, free] += step[:, : len(prior)]
        angles = np.clip(flat.reshape(angles.shape), LOWEST, HIGHEST)
        turn, shift, growth = np.split(step[:, len(prior) :], [3, 6], 1)
        palm = np.asarray(axis_angle_to_matrix(turn)) @ palm
        place = place + shift
        size = size * np.exp(np.clip(growth[:, 0], -0.2, 0.2))
    residual, _ = _linearize(skeleton, landmarks, angles, palm, place, size)
    return FittedHand(angles, palm, np.sqrt((residual**2).sum(-1).mean(1)))


def _linearize(
    skeleton: HandSkeleton,
    landmarks: np.ndarray,
    angles: np.ndarray,
    palm: np.ndarray,
    place: np.ndarray,
    size: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Residual [N, 21, 3] of the landmarks, and the Jacobian [N, 21, 3, P] of the modelled ones.

    The parameters are the free angles, then the turn, the shift and the logarithm of the size.
    """
    count = len(angles)
    points, axes = skeleton.pose(angles)
    scaled = size[:, None, None] * palm  # [N, 3, 3]
    modelled = np.concatenate([np.zeros((count, 1, 3)), points.reshape(count, 20, 3)], 1)
    turned = modelled @ scaled.swapaxes(1, 2)  # [N, 21, 3] from the wrist
    residual = landmarks - turned - place[:, None]

    by_angle = np.zeros((count, 21, 3, 5, 3, 3))
    for joint in range(3):
        arms = points[:, :, joint + 1 :] - points[:, :, joint, None]  # [N, 5, 3 - joint, 3]
        moved = np.cross(axes[:, :, joint, None], arms[:, :, :, None])  # [N, 5, 3 - joint, 3 axes, 3]
        moved = moved @ scaled[:, None, None].swapaxes(-1, -2)
        for digit in range(5):
            rows = slice(2 + 4 * digit + joint, 5 + 4 * digit)
            by_angle[:, rows, :, digit, joint] = moved[:, digit].swapaxes(-1, -2)
    by_angle = by_angle.reshape(count, 21, 3, -1)[..., IS_FREE.reshape(-1)]
    by_turn = np.cross(np.eye(3), turned[:, :, None]).swapaxes(-1, -2)  # column k: e_k x point
    by_shift = np.broadcast_to(np.eye(3), (count, 21, 3, 3))
    return residual, np.concatenate([by_angle, by_turn, by_shift, turned[..., None]], -1)


def _solve(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solutions [N, P] of A x = b for positive definite matrices [N, P, P] and right sides [N, P].

    With NumPy's own solver, the threads of OpenBLAS wait for each other on a busy machine, thousands of times longer
    than the solution of such small systems takes.
    """
    lower = np.linalg.cholesky(matrices)
    diagonal = np.einsum("nii->ni", lower)
    x = right.copy()
    for row in range(x.shape[1]):
        x[:, row] = (x[:, row] - (lower[:, row, :row] * x[:, :row]).sum(1)) / diagonal[:, row]
    for row in reversed(range(x.shape[1])):
        x[:, row] = (x[:, row] - (lower[:, row + 1 :, row] * x[:, row + 1 :]).sum(1)) / diagonal[:, row]
    return x
