"""Where a camera stands relative to another one, from the people whom both see. No calibration board is needed.

The camera frame of the second view is moved into that of the first one by x1 = R x2 + t. With the positions p of the
roots, and the positions q of the joints relative to them, the most likely R and t minimize

    sum |p1 - R p2 - t|^2  +  sum |q1 - R q2|^2

over all joints and frames. Each difference r is weighted by its covariance S = S1 + R S2 R^T, as r^T S^-1 r: both
sightings are imprecise along their lines of sight. Cauchy weights make gross errors of a view count little. Where both
videos show straight lines, the vertical of each view is known to about a degree, and |u1 - R u2|^2 is added.
"""

from dataclasses import dataclass

import numpy as np

from tar_core.motion import Vertical
from tar_core.rotations import align_vectors, axis_angle_to_matrix
from tar_core.views.sightings import Sightings

_STEPS = 30  # Gauss-Newton steps at most
_PRECISION = 1e-6  # radians and meters; the last step is smaller
_GROSS = 3.0  # expected errors at which a joint has half of its weight
_LEAST_ERROR = 0.5  # degrees; smaller expected errors of verticals are raised to this value
_CORRELATED = 150  # joints of neighboring frames whose errors are alike, so that they count as one


@dataclass(frozen=True)
class Registration:
    """The transformation x1 = R x2 + t from the second view's camera frame to the first one's.

    Attributes:
        rotation: [3, 3] R.
        translation: [3] t, position of the second camera in the first one's frame, meters.
        error: median distance of the roots in expected errors; about 1 if they are where they are expected.
    """

    rotation: np.ndarray
    translation: np.ndarray
    error: float


@dataclass(frozen=True)
class _Points:
    """The same points [N, J, 3] in both views, and their covariances [N, J, 3, 3]."""

    ours: np.ndarray
    theirs: np.ndarray
    our_covariances: np.ndarray
    their_covariances: np.ndarray


def register(first: Sightings, second: Sightings, verticals: tuple[Vertical, Vertical] | None = None) -> Registration:
    """Find the transformation from the second view to the first one, from the same people in the same frames.

    Args:
        first, second: the people in both views.
        verticals: of the first and the second view; None if one of them is unknown.
    """
    roots = _Points(first.joints[:, :1], second.joints[:, :1], first.root_covariances(), second.root_covariances())
    relative = _Points(
        first.joints[:, 1:] - first.joints[:, :1],
        second.joints[:, 1:] - second.joints[:, :1],
        first.relative_covariances(),
        second.relative_covariances(),
    )
    ours, theirs = relative.ours.reshape(-1, 3), relative.theirs.reshape(-1, 3)
    rotation = align_vectors(theirs, ours, np.ones(len(ours)))
    translation = (roots.ours - roots.theirs @ rotation.T).mean((0, 1))
    error = np.inf
    for _ in range(_STEPS):
        matrix, right, error = _normal_equations(roots, rotation, translation)
        of_relative = _normal_equations(relative, rotation, None)
        matrix, right = (matrix + of_relative[0]) / _CORRELATED, (right + of_relative[1]) / _CORRELATED
        if verticals is not None:
            of_verticals = _from_verticals(*verticals, rotation)
            matrix, right = matrix + of_verticals[0], right + of_verticals[1]
        change = np.linalg.solve(matrix, right)
        rotation = axis_angle_to_matrix(change[:3]) @ rotation
        translation = translation + change[3:]
        if np.abs(change).max() < _PRECISION:
            break
    return Registration(rotation, translation, error)


def _normal_equations(
    points: _Points, rotation: np.ndarray, translation: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """The matrix [6, 6] and the right-hand side [6] for a change of rotation and translation.

    Args:
        points: in both views.
        rotation: [3, 3] R.
        translation: [3] t; None if the points do not depend on it.

    Returns:
        both, and the median distance in expected errors.
    """
    turned = points.theirs @ rotation.T
    moves = 0.0 if translation is None else 1.0
    residual = points.ours - turned - (0.0 if translation is None else translation)
    weight = np.linalg.inv(points.our_covariances + rotation @ points.their_covariances @ rotation.T)
    distance = np.sqrt(np.einsum("njk,njkl,njl->nj", residual, weight, residual))
    weight /= (1 + (distance / _GROSS) ** 2)[..., None, None]
    identity = np.broadcast_to(moves * np.eye(3), (*turned.shape, 3))
    jacobian = np.concatenate([_cross_matrices(-turned), identity], -1)
    weighted = (weight @ jacobian).reshape(-1, 6)
    return weighted.T @ jacobian.reshape(-1, 6), weighted.T @ residual.reshape(-1), float(np.median(distance))


def _from_verticals(ours: Vertical, theirs: Vertical, rotation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same for the vertical of both views."""
    turned = rotation @ theirs.up
    jacobian = np.concatenate([_cross_matrices(-turned), np.zeros((3, 3))], -1)
    weight = 1 / np.radians(max(np.hypot(ours.error, theirs.error), _LEAST_ERROR)) ** 2
    return weight * jacobian.T @ jacobian, weight * jacobian.T @ (ours.up - turned)


def _cross_matrices(vectors: np.ndarray) -> np.ndarray:
    """Matrices [..., 3, 3] whose product with w is v x w, for vectors v [..., 3]."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*vectors.shape, 3)
