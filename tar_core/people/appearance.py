"""What a person's clothes look like: color histograms of the trunk and the thighs, between BlazePose's landmarks.

Colors change less from pose to pose than any feature of the backbone does, and cost nothing. Arms and shins are left
out: they are thin, and bare on most people.
"""

import numpy as np

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP, LEFT_KNEE, RIGHT_KNEE = 11, 12, 23, 24, 25, 26
TRUNK_ACROSS, TRUNK_ALONG = np.linspace(0.15, 0.85, 8), np.linspace(0.05, 0.95, 16)  # fractions of the trunk's sides
THIGH_ACROSS, THIGH_ALONG = np.linspace(-0.07, 0.07, 4), np.linspace(0.1, 0.95, 16)  # of the trunk's, thigh's length
# CIELAB. The bins overlap, so that a small change of light moves a little of the histogram only.
LOWEST, HIGHEST = np.array([0.0, -40.0, -40.0]), np.array([100.0, 40.0, 40.0])
BINS = np.array([4, 7, 7])
BIN_STEPS = np.array([BINS[1] * BINS[2], BINS[2], 1])  # from one bin to the next along each axis, in the flat histogram
CORNERS = np.tensordot(BIN_STEPS, np.indices((2, 2, 2)), 1)  # from the lowest of 8 bins to each of them
_SRGB = np.arange(256) / 255
LINEAR = np.where(_SRGB > 0.04045, ((_SRGB + 0.055) / 1.055) ** 2.4, _SRGB / 12.92)  # light of each value of sRGB
XYZ_OVER_WHITE = np.array(  # from linear RGB to CIE XYZ, over that of white (D65)
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
XYZ_OVER_WHITE /= XYZ_OVER_WHITE.sum(1, keepdims=True)
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
    return to_lab(image[y, x])


def to_lab(colors: np.ndarray) -> np.ndarray:
    """Convert colors [N, 3] uint8 sRGB to CIELAB. OpenCV's function needs 0.2 s for its tables when first called."""
    ratio = LINEAR[colors] @ XYZ_OVER_WHITE.T
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def color_histogram(colors: np.ndarray) -> np.ndarray:
    """Histogram [prod(BINS)] of CIELAB colors [N, 3] with the sum 1; each color is shared by the 8 bins around it."""
    place = (np.clip(colors, LOWEST, HIGHEST) - LOWEST) / (HIGHEST - LOWEST) * (BINS - 1)
    lower = np.minimum(place.astype(int), BINS - 2)
    above = place - lower
    shares = np.stack([1 - above, above])  # [2, N, 3] of the lower and of the upper bin along each axis
    weights = shares[:, None, None, :, 0] * shares[None, :, None, :, 1] * shares[None, None, :, :, 2]
    index = lower @ BIN_STEPS + CORNERS[..., None]
    return np.bincount(index.ravel(), weights.ravel(), int(BINS.prod())) / len(colors)
