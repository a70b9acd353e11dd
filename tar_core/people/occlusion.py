"""People who are hidden by others: their landmarks are found once the person in front is painted over."""

from collections.abc import Sequence

import cv2
import numpy as np

from tar_core.people.appearance import appearance_distance
from tar_core.people.boxes import boxes_overlap
from tar_core.people.clear_runs import with_clearance
from tar_core.people.track import CropView, Track

# Difference in appearance of a sighting from the other sightings of its track above which someone may be in front.
HIDDEN_DIFFERENCE = 0.2
MAX_HIDDEN_DIFFERENCE = 0.4  # of a hidden person's appearance from the usual one; beyond it, too little is seen
LIMBS = ((11, 13), (13, 15), (12, 14), (14, 16), (23, 25), (25, 27), (24, 26), (26, 28), (27, 31), (28, 32))
TRUNK_CORNERS = [11, 12, 24, 23]
HEAD_POINTS = slice(0, 11)
LIMB_THICKNESS, HEAD_RADIUS = 0.32, 0.38  # of the length of the trunk
WHITE = (255,)
INPAINT_RADIUS = 3  # pixels of the crop


def difference(track: Track, view: CropView) -> float:
    """How much a view of a track differs in appearance from the person."""
    return 0.0 if track.appearance is None else appearance_distance(track.appearance, view.appearance)


def are_close(view: CropView, other: CropView) -> bool:
    """Whether the trunks of two views are so close that one person may hide the other."""
    return boxes_overlap(with_clearance(view.trunk), with_clearance(other.trunk))


def people_in_front(index: int, tracks: Sequence[Track], views: Sequence[CropView]) -> dict[int, CropView]:
    """The views of other tracks that hide the person of one track, by the number of the track.

    They look as they should, and this one does not. Who was in front stays in front as long as the two are close.
    """
    view, own = views[index], difference(tracks[index], views[index])
    others = [other for other in range(len(tracks)) if other != index and views[other].shows_person()]
    return {
        tracks[other].track_id: views[other]
        for other in others
        if are_close(view, views[other])
        and (
            tracks[other].track_id in tracks[index].hidden_by
            or (own > HIDDEN_DIFFERENCE and own > difference(tracks[other], views[other]))
        )
    }


def paint_over(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Replace a person by what is around.

    Args:
        picture: [H, W, 3] uint8, a crop.
        points: [39, 2] the person's landmarks in pixels of the crop.
    """
    corners = points[TRUNK_CORNERS]
    length = float(np.linalg.norm(corners[:2].mean(0) - corners[2:].mean(0)))
    thickness = max(3, round(LIMB_THICKNESS * length))
    mask = np.zeros(picture.shape[:2], np.uint8)
    trunk = cv2.convexHull(np.round(corners).astype(np.int32))
    cv2.fillConvexPoly(mask, trunk, WHITE)
    cv2.polylines(mask, [trunk], True, WHITE, thickness)
    for one, other in LIMBS:
        cv2.line(mask, _pixel(points[one]), _pixel(points[other]), WHITE, thickness)
    cv2.circle(mask, _pixel(points[HEAD_POINTS].mean(0)), round(HEAD_RADIUS * length), WHITE, -1)
    return cv2.inpaint(picture, mask, INPAINT_RADIUS, cv2.INPAINT_TELEA)


def _pixel(point: np.ndarray) -> tuple[int, int]:
    """The pixel nearest to a point [2]."""
    return round(float(point[0])), round(float(point[1]))
