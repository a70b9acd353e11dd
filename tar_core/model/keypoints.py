"""Output of MoveNet: COCO's keypoints."""

from typing import NamedTuple

from tar_core.arrays import Array

NUM_KEYPOINTS = 17
# COCO's keypoints are these landmarks of BlazePose: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles;
# of each pair, the left one comes first.
BLAZEPOSE_POINTS = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


class Keypoints(NamedTuple):
    """Keypoints of a batch of crops, as arrays or tensors.

    Attributes:
        points: [B, 17, 2] crop pixels; (0, 0) is the center of the top-left pixel. Never far outside the crop.
        scores: [B, 17] confidence in 0..1.
    """

    points: Array
    scores: Array
