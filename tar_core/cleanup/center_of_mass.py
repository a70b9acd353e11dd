"""Estimate of the vertical from balance: on average, the center of mass is above the center of the support points.

This also holds for people who walk, dance or bend down and are not upright. An image does not show how the weight is
distributed over the support points, so their center is used. The farther apart the points are, as seen from the center
of mass, the larger the expected error.
"""

from dataclasses import dataclass

import numpy as np

from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

# Segments between SMPL's joints: share of the body's mass, and position of the segment's center of mass as a fraction
# of its length. From de Leva, "Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters" (1996), averaged over
# women and men. De Leva's trunk starts between the hips and the head ends at its vertex; the positions of these two are
# converted.
_SEGMENTS = [("pelvis", "neck", 0.430, 0.48), ("neck", "head", 0.068, 1.3)]
for _side in ("left", "right"):
    _SEGMENTS += [
        (f"{_side}_shoulder", f"{_side}_elbow", 0.0263, 0.576),
        (f"{_side}_elbow", f"{_side}_wrist", 0.0150, 0.457),
        (f"{_side}_wrist", f"{_side}_hand", 0.0059, 0.77),
        (f"{_side}_hip", f"{_side}_knee", 0.1447, 0.385),
        (f"{_side}_knee", f"{_side}_ankle", 0.0457, 0.444),
        (f"{_side}_ankle", f"{_side}_foot", 0.0133, 0.42),
    ]
_MASS_SHARES = np.zeros(NUM_JOINTS)  # share of the mass, as if it were concentrated in the joints
for _upper, _lower, _mass, _along in _SEGMENTS:
    _MASS_SHARES[JOINT_NAMES.index(_upper)] += _mass * (1 - _along)
    _MASS_SHARES[JOINT_NAMES.index(_lower)] += _mass * _along
_MASS_SHARES /= _MASS_SHARES.sum()

_SYSTEMATIC_ERROR = 3.0  # degrees; remains however long the clip is
_POINT_ERROR = 0.1  # meters; expected error of a center of support that is a single point of a foot
_MIN_EXTENSION = 0.8  # distance from hip to ankle over the leg's length, of a leg that carries the body
_MIN_LEG_COSINE = 0.5  # cosine between this leg and the trunk
_NECK = JOINT_NAMES.index("neck")
_LEGS = [[JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("hip", "knee", "ankle")]


@dataclass(frozen=True)
class Balance:
    """The vertical estimated from one person's balance.

    Attributes:
        up: [3] unit vector.
        error: expected error, degrees.
    """

    up: np.ndarray
    error: float


def center_of_mass(joints: np.ndarray) -> np.ndarray:
    """Center of mass [..., 3] of bodies with SMPL's joints [..., 24, 3], in the same units and frame."""
    return _MASS_SHARES @ joints


def is_on_legs(joints: np.ndarray) -> np.ndarray:
    """Whether a leg is nearly straight and below the trunk. Otherwise the person may sit on a chair.

    Args:
        joints: [N, 24, 3].

    Returns:
        [N] bool.
    """
    hips, knees, ankles = (joints[:, pair] for pair in _LEGS)  # each [N, 2, 3]
    length = np.linalg.norm(hips - knees, axis=-1) + np.linalg.norm(knees - ankles, axis=-1)
    legs, trunk = hips - ankles, joints[:, _NECK] - joints[:, 0]
    extent = np.linalg.norm(legs, axis=-1)
    cosine = (legs * trunk[:, None]).sum(-1) / (extent * np.linalg.norm(trunk, axis=-1, keepdims=True))
    return ((extent > _MIN_EXTENSION * length) & (cosine > _MIN_LEG_COSINE)).any(1)


def find_balance(mass: np.ndarray, points: np.ndarray, is_support: np.ndarray, fps: float) -> Balance | None:
    """Estimate the vertical from all frames in which the person is supported.

    Args:
        mass: [N, 3] center of mass, meters.
        points: [N, P, 3] points on the body's surface, in the same frame.
        is_support: [N, P] bool; whether a point supports the body.
        fps: frame rate; the errors of neighboring frames are correlated.

    Returns:
        The estimate; None if the person is never supported.
    """
    supported = is_support.any(1)
    if not supported.any():
        return None
    share = is_support[supported] / is_support[supported].sum(1, keepdims=True)
    mass, points = mass[supported], points[supported]
    center = np.einsum("np,npk->nk", share, points)
    spread = np.einsum("np,npk->n", share, (points - center[:, None]) ** 2)
    offset = mass - center
    height = np.linalg.norm(offset, axis=1)
    error = np.sqrt(spread + _POINT_ERROR**2) / height  # [N] radians, of single frames
    up = (error**-2) @ (offset / height[:, None])
    # The frames of one second count as one measurement.
    combined = np.degrees(np.sqrt(1 / np.mean(error**-2) / (1 + len(offset) / fps)))
    return Balance(up / np.linalg.norm(up), float(np.hypot(_SYSTEMATIC_ERROR, combined)))
