"""Who hides whom, with made-up views. That it keeps tracks apart is tested in test_tracker.py."""

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

from tar_core.people.occlusion import LIMBS, difference, paint_over, people_in_front
from tests.tar_core.people.test_appearance import landmarks
from tests.tar_core.people.test_clear_runs import clothes


def view(x: float, worn: int) -> Any:
    trunk = np.array([x - 20, 100, x + 20, 180])
    return SimpleNamespace(trunk=trunk, appearance=clothes(worn, noise=0.01), shows_person=lambda: True)


def track(number: int, worn: int) -> Any:
    return SimpleNamespace(track_id=number, appearance=clothes(worn, seed=1, noise=0.01), hidden_by=set())


def test_person_who_looks_like_the_neighbor_is_hidden_by_that_one() -> None:
    tracks, views = [track(1, worn=0), track(2, worn=1)], [view(100, worn=1), view(130, worn=1)]
    assert difference(tracks[0], views[0]) > 0.5 > difference(tracks[1], views[1])
    assert people_in_front(0, tracks, views) == {2: views[1]}
    assert people_in_front(1, tracks, views) == {}, "nobody is in front of the neighbor"


def test_nobody_is_in_front_of_a_person_who_is_alone_or_looks_as_before() -> None:
    tracks = [track(1, worn=0), track(2, worn=1)]
    assert people_in_front(0, tracks, [view(100, worn=1), view(300, worn=1)]) == {}
    assert people_in_front(0, tracks, [view(100, worn=0), view(130, worn=1)]) == {}
    new = SimpleNamespace(track_id=1, appearance=None, hidden_by=set())
    assert people_in_front(0, [new, track(2, worn=1)], [view(100, worn=1), view(130, worn=1)]) == {}  # type: ignore[list-item]


def test_who_was_in_front_stays_there_until_they_part() -> None:
    tracks = [track(1, worn=0), track(2, worn=1)]
    tracks[0].hidden_by.add(2)
    views = [view(100, worn=0), view(130, worn=1)]
    assert people_in_front(0, tracks, views) == {2: views[1]}
    assert people_in_front(0, tracks, [view(100, worn=0), view(300, worn=1)]) == {}


def test_painted_person_gives_way_to_the_background() -> None:
    points = landmarks()
    points[:11] = (150, 115)
    for row, offset in {
        13: (40, 50),
        14: (-40, 50),
        15: (42, 90),
        16: (-42, 90),
        27: (20, 220),
        28: (-20, 220),
    }.items():
        points[row] = np.array([150, 150]) + offset
    points[31:33] = points[27:29]
    empty = np.full((400, 300, 3), 128, np.uint8)
    empty[:, 230:] = (10, 200, 10)
    image = empty.copy()
    corners = points[[11, 12, 24, 23]].astype(np.int32)
    cv2.fillConvexPoly(image, corners, (200, 30, 30))
    for one, other in LIMBS:
        cv2.line(image, points[one].astype(int).tolist(), points[other].astype(int).tolist(), (30, 30, 200), 12)
    assert np.abs(image.astype(int) - empty).max() > 90
    assert np.abs(paint_over(image, points).astype(int) - empty).max() < 5
