"""What a person's clothes look like: color histograms of the trunk and the thighs, between BlazePose's landmarks.

Colors change less from pose to pose than any feature of the backbone does, and cost nothing. Arms and shins are left
out: they are thin, and bare on most people.
"""

import cv2
import numpy as np

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE = 11, 12, 23, 24, 25, 26
TRUNK_ACROSS, TRUNK_ALONG = np.linspace(0.15, 0.85, 8), np.linspace(0.05, 0.95, 16)  # fractions of the trunk's sides
THIGH_ACROSS, THIGH_ALONG = np.linspace(-0.07, 0.07, 4), np.linspace(0.1, 0.95, 16)  # of the trunk's, thigh's length
# CIELAB. The bins overlap, so that a small change of light moves a little of the histogram only.
LOWEST, HIGHEST = np.array([0.0, -40.0, -40.0]), np.array([100.0, 40.0, 40.0])
BINS = np.array([4, 7, 7])
SIZE = 2 * int(BINS.prod())  # of an appearance


def appearance_of(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The appearance of a person in a frame.

    Args:
        image: [H, W, 3] uint8 RGB.
        points: [39, 2] landmarks, frame pixels.

    Returns:
        [SIZE] float32, the square roots of two histograms; its length as a vector is 1.
    """
    trunk, thighs = trunk_and_thighs(points)
    histograms = [color_histogram(colors_at(image, part)) for part in (trunk, thighs)]
    return np.sqrt(np.concatenate(histograms) / len(histograms)).astype(np.float32)


def appearance_distance(appearance: np.ndarray, other: np.ndarray) -> float:
    """Hellinger distance of two appearances [SIZE], 0..1.

    Either may be the mean of several, which is shorter than 1: the lengths do not count.
    """
    similarity = float(appearance @ other) / max(float(np.linalg.norm(appearance) * np.linalg.norm(other)), 1e-9)
    return float(np.sqrt(max(0.0, 1 - similarity)))


def trunk_and_thighs(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sampling points [128, 2] in the trunk and [128, 2] along the thighs, from landmarks [39, 2]."""
    left, right = points[LEFT_SHOULDER], points[RIGHT_SHOULDER]
    left_hip, right_hip = points[LEFT_HIP], points[RIGHT_HIP]
    across, along = (grid[..., None] for grid in np.meshgrid(TRUNK_ACROSS, TRUNK_ALONG))
    top, bottom = left + across * (right - left), left_hip + across * (right_hip - left_hip)
    trunk = top + along * (bottom - top)
    length = float(np.linalg.norm((left + right - left_hip - right_hip) / 2))
    thighs = []
    across, along = (grid[..., None] for grid in np.meshgrid(THIGH_ACROSS, THIGH_ALONG))
    for hip, knee in ((left_hip, points[LEFT_KNEE]), (right_hip, points[RIGHT_KNEE])):
        direction = (knee - hip) / max(float(np.linalg.norm(knee - hip)), 1e-6)
        thighs.append(hip + along * (knee - hip) + across * length * np.array([-direction[1], direction[0]]))
    return trunk.reshape(-1, 2), np.concatenate(thighs).reshape(-1, 2)


def colors_at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """CIELAB colors [N, 3] of an image [H, W, 3] uint8 RGB at the pixels nearest to points [N, 2], moved inside."""
    height, width = image.shape[:2]
    x, y = np.clip(np.round(points).astype(int), 0, (width - 1, height - 1)).T
    return cv2.cvtColor(image[y, x][None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]


def color_histogram(colors: np.ndarray) -> np.ndarray:
    """Histogram [prod(BINS)] of CIELAB colors [N, 3] with the sum 1; each color is shared by the 8 bins around it."""
    place = (np.clip(colors, LOWEST, HIGHEST) - LOWEST) / (HIGHEST - LOWEST) * (BINS - 1)
    lower = np.minimum(place.astype(int), BINS - 2)
    above = place - lower
    histogram = np.zeros(int(BINS.prod()))
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, above, 1 - above).prod(1)
        index = np.ravel_multi_index(tuple((lower + corner).T), tuple(BINS))
        histogram += np.bincount(index, weight, len(histogram))
    return histogram / len(colors)
