"""Output of the hand-landmark network: MediaPipe's 21 landmarks of a hand."""

from typing import NamedTuple

from tar_core.arrays import Array

HAND_CROP_SIZE = 224  # pixels; width and height of the network's input
NUM_HAND_LANDMARKS = 21  # the wrist, then four of each finger from the thumb to the little finger, root to tip


class HandLandmarks(NamedTuple):
    """Landmarks of the hands in a batch of crops, as arrays or tensors.

    Attributes:
        points: [B, 21, 3] x, y in crop pixels, (0, 0) is the center of the top-left pixel; z in the same unit, from
            the wrist, away from the camera.
        world: [B, 21, 3] meters from the middle of the hand, in the axes of the crop: x right, y down, z away from
            the camera.
        presence: [B] probability that the crop shows a hand.
        right: [B] probability that it is a right hand.
    """

    points: Array
    world: Array
    presence: Array
    right: Array
