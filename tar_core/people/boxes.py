"""Geometry of bounding boxes: x0, y0, x1, y1 in image pixels, float [4].

Needs NumPy only, since Blender imports it.
"""

from collections.abc import Sequence

import numpy as np

MAX_CONTAINED = 0.5  # share of the smaller of two boxes above which they may show the same person
MIN_VISIBILITY = 0.5  # of a landmark that counts for a person's box
MIN_VISIBLE_POINTS = 4  # with fewer visible landmarks, all landmarks count
BOX_PADDING = 0.08  # as a fraction of the longer side: the landmarks end at the eyes, wrists and toes
BODY_ASPECT_RATIO = 3.0  # height over width of a body whose lower part is below the image
CUT_OFF_MARGIN = 0.02  # as a fraction of the image height: a box that ends this close to the bottom is cut off


def box_height(box: np.ndarray) -> float:
    """Height of a box, pixels."""
    return float(box[3] - box[1])


def box_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    shared = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (shared <= 0).any():
        return 0.0
    intersection = float(shared.prod())
    return intersection / float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - intersection)


def boxes_overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two boxes have a common area."""
    return bool((np.minimum(a[2:], b[2:]) > np.maximum(a[:2], b[:2])).all())


def overlaps_any(box: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    """Whether most of a box lies in one of the others, or most of one of them lies in the box."""
    for other in others:
        shared = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
        smaller = min(float((box[2:] - box[:2]).prod()), float((other[2:] - other[:2]).prod()))
        if (shared > 0).all() and shared.prod() > MAX_CONTAINED * smaller:
            return True
    return False


def match_boxes(boxes: Sequence[np.ndarray], others: Sequence[np.ndarray], min_iou: float) -> dict[int, int]:
    """Match two lists of boxes greedily, best overlap first.

    Returns:
        Indices of `boxes` to indices of `others`. Each box is matched at most once, and only if the intersection over
        union is at least `min_iou`.
    """
    overlaps = [(box_iou(a, b), i, j) for i, a in enumerate(boxes) for j, b in enumerate(others)]
    pairs: dict[int, int] = {}
    for value, i, j in sorted(overlaps, reverse=True):
        if value >= min_iou and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def square_box(box: np.ndarray) -> np.ndarray:
    """The square with the same center as a box and the length of its longer side."""
    center, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max() / 2
    return np.concatenate([center - half, center + half])


def box_around_points(points: np.ndarray, visibility: np.ndarray) -> np.ndarray:
    """The padded box around the visible landmarks of a person.

    Args:
        points: [N, 2] in pixels.
        visibility: [N] in 0..1.
    """
    visible = visibility > MIN_VISIBILITY
    selected = points[visible] if visible.sum() >= MIN_VISIBLE_POINTS else points
    low, high = selected.min(0), selected.max(0)
    padding = BOX_PADDING * float((high - low).max())
    return np.concatenate([low - padding, high + padding])


def extend_to_whole_body(box: np.ndarray, image_height: int) -> np.ndarray:
    """Extend a box that is cut off at the bottom of the image to the estimated height of the whole body.

    Any other box is returned unchanged.
    """
    x0, y0, x1, y1 = box
    if y1 < (1 - CUT_OFF_MARGIN) * image_height:
        return box
    return np.array([x0, y0, x1, max(y1, y0 + BODY_ASPECT_RATIO * (x1 - x0))])
