"""Crops along a known motion, placed by the rule that capture uses on video."""

import numpy as np

from tar_core.camera.crop import MARGIN, Crop, crop_from_alignment
from tar_core.skeleton import JOINT_NAMES

_HIPS = [JOINT_NAMES.index("left_hip"), JOINT_NAMES.index("right_hip")]
_SHOULDERS = [JOINT_NAMES.index("left_shoulder"), JOINT_NAMES.index("right_shoulder")]


def crop_track(random: np.random.Generator, joints: np.ndarray, points: np.ndarray, zoom: float = 1.0) -> list[Crop]:
    """Place crops as capture does: centered on the hips, trunk upright, the whole body in a circle.

    Offset, size and roll get random errors, partly constant over the track and partly drifting, as tracking has them.

    Args:
        joints: [T, 24, 2] frame pixels.
        points: [T, K, 2] points that the circle has to contain, frame pixels.
        zoom: factor on the size of the crop.
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
    """Compute the circles that capture's rule puts around a person, smoothed slightly over time.

    Args:
        hips, shoulders: [T, 2] midpoints of the hips and of the shoulders, frame pixels.
        points: [T, K, 2] points that the circle has to contain, frame pixels.

    Returns:
        Centers [T, 2], trunk axes [T, 2] (pointing up the trunk) and radii [T], in frame pixels.
    """
    # A trunk seen end-on has no direction in the image: smoothing lets the neighboring frames' directions dominate.
    radius = np.linalg.norm(points - hips[:, None], axis=-1).max(1)
    return _smoothed(hips), _smoothed(shoulders - hips), _smoothed(radius)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Convolve with (1, 2, 1) / 4 along time."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
