"""Output of the hand-landmark network: MediaPipe's 21 landmarks of a hand."""

from typing import NamedTuple

from tar_core.arrays import Array

HAND_CROP_SIZE = 224  # pixels; width and height of the network's input
HAND_CODE_SIZE = 672
HAND_CELLS = (112, 7, 7)  # channels and cells of the encoder's last map
NUM_HAND_LANDMARKS = 21  # the wrist, then four of each finger from the thumb to the little finger, root to tip
PALM_LANDMARKS = [0, 5, 9, 13, 17]  # the wrist and the knuckles, which are rigid


class HandLandmarks(NamedTuple):
    """Landmarks of the hands in a batch of crops, as arrays or tensors.

    Attributes:
        points: [B, 21, 3] x, y in crop pixels, (0, 0) is the center of the top-left pixel; z in the same unit, from
            the wrist, away from the camera.
        code: [B, 672] from which the network computes points and presence.
        cells: [B, 112, 7, 7] the encoder's last map. `tar_core.hands.joints` reads the joints in space from code and
            cells.
        presence: [B] probability that the crop shows a hand.
    """

    points: Array
    code: Array
    cells: Array
    presence: Array
