"""Crops along known motion, cut as capture cuts them from a video."""

import numpy as np

from tar_core.camera.crop import MARGIN, Crop, crop_from_alignment
from tar_core.skeleton import JOINT_NAMES

_HIPS = [JOINT_NAMES.index("left_hip"), JOINT_NAMES.index("right_hip")]
_SHOULDERS = [JOINT_NAMES.index("left_shoulder"), JOINT_NAMES.index("right_shoulder")]


def crop_track(random: np.random.Generator, joints: np.ndarray, points: np.ndarray, zoom: float = 1.0) -> list[Crop]:
    """Crops as capture cuts them: the hips in the middle, the trunk upright, the whole body in a circle; imperfectly.

    Args:
        joints: [T, 24, 2] frame pixels.
        points: [T, K, 2] everything that the circle should hold.
        zoom: factor on the crop's size.
    """
    center, axis, radius = body_circles(joints[:, _HIPS].mean(1), joints[:, _SHOULDERS].mean(1), points)
    angle = np.unwrap(np.arctan2(axis[:, 0], -axis[:, 1]))

    count = len(joints)
    foreshortened = float(np.linalg.norm(axis, axis=1).mean() / radius.mean()) < 0.12
    angle = angle + np.radians(random.normal() * (25 if foreshortened else 8))
    angle = angle + np.cumsum(random.normal(size=count)) * np.radians(0.8)
    radius = radius * zoom * np.exp(random.normal() * 0.08) * np.exp(np.cumsum(random.normal(size=count)) * 0.006)
    half = radius[:, None] * MARGIN
    center = center + random.normal(size=2) * 0.05 * half + np.cumsum(random.normal(size=(count, 2)), 0) * 0.006 * half
    up = np.stack([np.sin(angle), -np.cos(angle)], 1) * radius[:, None]
    return [crop_from_alignment(c, c + u) for c, u in zip(center, up, strict=True)]


def body_circles(hips: np.ndarray, shoulders: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, ...]:
    """Where capture's rule puts somebody's crops, steadied a little along time.

    Args:
        hips, shoulders: [T, 2] the middles of both, frame pixels.
        points: [T, K, 2] everything that the circle should hold.

    Returns:
        centers [T, 2]; the trunk's axes [T, 2], pointing up it; radii [T].
    """
    # A trunk seen end on has no direction in the image: let the previous crops' steady ones win.
    radius = np.linalg.norm(points - hips[:, None], axis=-1).max(1)
    return _smoothed(hips), _smoothed(shoulders - hips), _smoothed(radius)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """(1, 2, 1) / 4 along time."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
