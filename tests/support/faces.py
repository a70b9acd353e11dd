"""A face and people for tests of faces."""

import numpy as np

from tar_core.face.shape import load_face_map
from tar_core.model.face_landmarks import FACE_CROP_SIZE, FaceLandmarks
from tar_core.people.track import Sighting
from tests.support.sightings import made_up_sighting, random_world

FACE_POINTS = load_face_map().reference * 42 + [95.5, 95.5, 0]  # [468, 3] the mean face in the middle of a crop
FACE_IMAGE = np.zeros((480, 640, 3), np.uint8)
# Nose, right and left eye, right and left corner of the mouth, from the middle of the face, in its widths.
_BODY_MARKS = {0: (0, 0), 5: (-0.22, -0.25), 2: (0.22, -0.25), 10: (-0.18, 0.25), 9: (0.18, 0.25)}


def face_sighting(frame: int, width: float = 80.0, visibility: float = 1.0, x: float = 320.0) -> Sighting:
    """A person with a face of a width in pixels at (x, 240)."""
    world = random_world()
    points = [320.0, 240.0] + world[:, :2].astype(np.float64) * width / 0.14
    for row, offset in _BODY_MARKS.items():
        points[row] = np.array([x, 240.0]) + np.array(offset) * width
    return made_up_sighting(frame, points, world, visibility)


class FaceInTheMiddle:
    """A network that finds the mean face in the middle of every crop.

    Attributes:
        presence: of the face.
        crops: number of crops in each call.
    """

    def __init__(self, presence: float = 0.9) -> None:
        self.presence = presence
        self.crops: list[int] = []

    def __call__(self, crops: np.ndarray) -> FaceLandmarks:
        assert crops.shape[1:] == (FACE_CROP_SIZE, FACE_CROP_SIZE, 3)
        self.crops.append(len(crops))
        return FaceLandmarks(
            np.repeat(FACE_POINTS[None], len(crops), 0), np.full(len(crops), self.presence, np.float32)
        )
