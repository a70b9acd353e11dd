"""Crops around hands, in which the fingers point up: from the landmarks of the body, then from those of the hand."""

import math

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.model.hand_landmarks import HAND_CROP_SIZE

# BlazePose's landmarks of the left and of the right hand: wrist, little finger and index finger (their knuckles).
BODY_POINTS = ((15, 17, 19), (16, 18, 20))
# The landmarks of a hand without the outer halves of the fingers, which move too much to place a crop.
STEADY_POINTS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
WRIST, INDEX, MIDDLE, RING = 0, 5, 9, 13  # the wrist and knuckles
# MediaPipe's values: side of the crop over the longer side of the box around the landmarks, and its shift towards the
# fingers as a fraction of the box.
HAND_SCALE, HAND_SHIFT = 2.0, 0.1
# Side of the crop over the distance from the body's wrist to its middle knuckle. On real clips, crops from the hand's
# own landmarks are 3.6 to 4.1 times as large as this distance, and their centers are near the knuckle.
BODY_SCALE = 4.0


def crop_from_body(points: np.ndarray, shortest: float = 1.0) -> Crop:
    """Crop around a hand whose own landmarks are not known.

    Args:
        points: [3, 2] wrist, little finger and index finger of the body, frame pixels.
        shortest: pixels from the wrist to the middle knuckle that count at least, for hands that point to the camera.
    """
    wrist, little, index = points
    middle = (2 * index + little) / 3  # as in MediaPipe Holistic
    dx, dy = (middle - wrist).tolist()
    length = max(math.hypot(dx, dy), shortest)
    return Crop(middle[0], middle[1], BODY_SCALE * length, math.atan2(dx, -dy), HAND_CROP_SIZE)


def crop_from_hand(points: np.ndarray) -> Crop:
    """Crop around a hand from its landmarks in this or the previous frame (MediaPipe's HandLandmarksToRect).

    Args:
        points: [21, 2] landmarks of the hand, frame pixels.
    """
    knuckles = (points[INDEX] + points[RING]) / 4 + points[MIDDLE] / 2
    dx, dy = (knuckles - points[WRIST]).tolist()
    roll = math.atan2(dx, -dy)
    axes = np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])  # right and down in the crop
    upright = points[list(STEADY_POINTS)] @ axes.T
    low, high = upright.min(0), upright.max(0)
    width, height = (high - low).tolist()
    center = axes.T @ ((low + high) / 2 - np.array([0.0, HAND_SHIFT * height]))
    return Crop(center[0], center[1], HAND_SCALE * max(width, height, 1.0), roll, HAND_CROP_SIZE)
