"""Crops around faces, in which the forehead points up: from the landmarks of the body, then from those of the face."""

import math

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.model.face_landmarks import FACE_CROP_SIZE

# BlazePose's landmarks of the nose, the right and the left eye, and the right and the left corner of the mouth.
BODY_POINTS = (0, 5, 2, 10, 9)
OUTER_CORNERS = (33, 263)  # of the face's landmarks: the right and the left eye
FACE_SCALE = 1.5  # side of the crop over the longer side of the box around the face's landmarks (MediaPipe's value)
BODY_SIZE = 0.25  # meters; side of a crop from the body's landmarks


def crop_from_body(points: np.ndarray, pixels_per_meter: float) -> Crop:
    """Crop around a face whose own landmarks are not known.

    Args:
        points: [5, 2] the body's landmarks BODY_POINTS, frame pixels.
        pixels_per_meter: size of the person in the image.
    """
    nose, eyes, mouth = points[0], points[1:3], points[3:5]
    center = (nose + eyes.mean(0) + mouth.mean(0)) / 3
    return Crop(center[0], center[1], BODY_SIZE * pixels_per_meter, _roll(eyes), FACE_CROP_SIZE)


def crop_from_face(points: np.ndarray) -> Crop:
    """Crop around a face from its landmarks in this or the previous frame (MediaPipe's FaceLandmarksToRect).

    Args:
        points: [468, 2] landmarks of the face, frame pixels.
    """
    roll = _roll(points[list(OUTER_CORNERS)])
    axes = np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])  # right and down in the crop
    upright = points @ axes.T
    low, high = upright.min(0), upright.max(0)
    center = axes.T @ ((low + high) / 2)
    return Crop(center[0], center[1], FACE_SCALE * max(float((high - low).max()), 1.0), roll, FACE_CROP_SIZE)


def _roll(eyes: np.ndarray) -> float:
    """Angle of the line from the right to the left eye, [2, 2] pixels, radians."""
    dx, dy = (eyes[1] - eyes[0]).tolist()
    return math.atan2(dy, dx)
