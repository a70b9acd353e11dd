"""Straight edges of a made-up room as a camera sees them, for tests of the camera estimation."""

import numpy as np

SIZE = (1280, 720)


def up_of(pitch: float, roll: float) -> np.ndarray:
    p, r = np.radians([pitch, roll])
    return np.array([np.cos(p) * np.sin(r), -np.cos(p) * np.cos(r), -np.sin(p)])


def room(
    random: np.random.Generator, up: np.ndarray, focal_length: float, azimuth: float, count: int = 60
) -> np.ndarray:
    """Edges [N, 4] of furniture in pixels: vertical ones, and horizontal ones at right angles."""
    ahead = np.cross(np.cross(up, [0.0, 0.0, 1.0]), up)
    ahead /= np.linalg.norm(ahead)
    across = np.cross(ahead, up)
    c, s = np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))
    directions = np.stack([up, c * across + s * ahead, c * ahead - s * across])
    start = np.stack([random.uniform(-4, 4, count), random.uniform(-2, 2, count), random.uniform(4, 9, count)], 1)
    end = start + directions[np.arange(count) % 3] * random.uniform(0.4, 1.2, count)[:, None]
    pixels = np.stack(
        [point[:, :2] / point[:, 2:] * focal_length + (np.array(SIZE) - 1) / 2 for point in (start, end)], 1
    )
    return (pixels + random.normal(size=pixels.shape) * 0.4).reshape(-1, 4)
