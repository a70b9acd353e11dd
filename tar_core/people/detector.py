"""Detection of people in single images."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from tar_core.camera.crop import halved
from tar_core.runtime.graphs import DETECTOR, DETECTOR_SIZE, Runtime

MAX_IOU = 0.5  # intersection over union above which two boxes show the same person
MAX_CONTAINED = 0.8  # the same for intersection over the smaller box, such as an upper body inside a whole body


@dataclass(frozen=True)
class Detection:
    """A person detected in an image.

    Attributes:
        box: [4] x0, y0, x1, y1 in image pixels ((0, 0) is the first pixel's center), within the image.
        score: probability in 0..1.
    """

    box: np.ndarray
    score: float


class PersonDetector:
    """MediaPipe's SSD detector; see tar_core/model/person_detector.py.

    Args:
        runtime: runs the network.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def detect(self, image: np.ndarray, threshold: float = 0.4) -> list[Detection]:
        """Detect people in an image [H, W, 3] uint8 RGB with a score of at least `threshold`, highest score first."""
        height, width = image.shape[:2]
        side = max(height, width)
        # The rest is reduced at once, from twice to four times the detail.
        reduced = halved(image, max(0, math.floor(math.log2(side / DETECTOR_SIZE)) - 1))
        longer = max(reduced.shape)
        missing = longer - reduced.shape[0], longer - reduced.shape[1]
        # The image is padded with black at the right and bottom: stretching it to a square would lose people.
        square = cv2.copyMakeBorder(reduced, 0, missing[0], 0, missing[1], cv2.BORDER_CONSTANT)
        small = cv2.resize(square, (DETECTOR_SIZE, DETECTOR_SIZE), interpolation=cv2.INTER_AREA)
        boxes, scores = (output[0] for output in self._runtime.run(DETECTOR, images=small[None]))
        boxes = (boxes * side - 0.5).clip(0, [width - 1, height - 1, width - 1, height - 1]).astype(np.float32)
        candidates = np.flatnonzero(scores >= threshold)
        best = candidates[suppress_duplicates(boxes[candidates], scores[candidates])]
        return [Detection(boxes[index], float(scores[index])) for index in best]


def suppress_duplicates(boxes: np.ndarray, scores: np.ndarray) -> list[int]:
    """Non-maximum suppression: keep the box with the highest score of each person.

    Returns:
        Indices of the kept boxes [n, 4], highest score first.
    """
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        top_left = np.maximum(boxes[kept, :2], boxes[index, :2])
        bottom_right = np.minimum(boxes[kept, 2:], boxes[index, 2:])
        shared = (bottom_right - top_left).clip(0).prod(1)
        union = areas[kept] + areas[index] - shared
        smaller = np.minimum(areas[kept], areas[index])
        if not np.any((shared > MAX_IOU * union) | (shared > MAX_CONTAINED * smaller)):
            kept.append(int(index))
    return kept
