"""Images of other cameras at the same place: homographies between pinhole cameras."""

import cv2
import numpy as np


def intrinsics(focal_length: float, size: tuple[int, int]) -> np.ndarray:
    """Intrinsic matrix [3, 3] of a camera with the principal point at the center of the image.

    Args:
        focal_length: pixels.
        size: width and height of the image in pixels.
    """
    return np.array([[focal_length, 0, (size[0] - 1) / 2], [0, focal_length, (size[1] - 1) / 2], [0, 0, 1]])


def view_from(
    image: np.ndarray, source: np.ndarray, rotation: np.ndarray, target: np.ndarray, size: tuple[int, int], flags: int
) -> np.ndarray:
    """The image that a rotated camera with another lens sees at the same place.

    Args:
        image: [H, W, 3].
        source, target: intrinsics [3, 3] of the image's and of the other camera.
        rotation: [3, 3] from the axes of the image's camera to those of the other camera.
        size: width and height of the other camera's image in pixels.
        flags: OpenCV's interpolation.
    """
    return cv2.warpPerspective(image, target @ rotation @ np.linalg.inv(source), size, flags=flags)
