"""Output of the face-landmark network: MediaPipe's 468 landmarks of a face."""

from typing import NamedTuple

from tar_core.arrays import Array

FACE_CROP_SIZE = 192  # pixels; width and height of the network's input
NUM_FACE_LANDMARKS = 468  # in the order of MediaPipe's canonical face


class FaceLandmarks(NamedTuple):
    """Landmarks of the faces in a batch of crops, as arrays or tensors.

    Attributes:
        points: [B, 468, 3] x, y in crop pixels, (0, 0) is the center of the top-left pixel; z in the same unit, away
            from the camera.
        presence: [B] probability that the crop shows a face.
    """

    points: Array
    presence: Array
