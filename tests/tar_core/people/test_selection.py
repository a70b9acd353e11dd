from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.people.selection import DetectedPerson, PeopleSelection, load_detected, save_detected

LEFT, RIGHT = np.array([0.0, 0, 100, 200]), np.array([300.0, 0, 400, 200])
# One person walks from left to right, the other stands at the right.
WALKER = np.array([[0, *LEFT], [100, *RIGHT]])
STANDER = np.array([[0, *RIGHT], [100, *RIGHT]])


def select(walker: bool, stander: bool) -> PeopleSelection:
    return PeopleSelection([(walker, WALKER), (stander, STANDER)], slack=10)


@given(frame=st.integers(0, 60), shift=st.floats(-20, 20), scale=st.floats(0.85, 1.15))
def test_track_with_a_similar_box_belongs_to_the_selected_person(frame: int, shift: float, scale: float) -> None:
    box = LEFT + (RIGHT - LEFT) * frame / 100 + shift
    center = (box[[0, 1, 0, 1]] + box[[2, 3, 2, 3]]) / 2
    box = center + (box - center) * scale
    assert select(True, False).includes(7, frame, box)
    assert not select(False, True).includes(7, frame, box)


def test_track_is_assigned_once() -> None:
    selection = select(True, False)
    assert not selection.includes(3, 0, RIGHT) and not selection.includes(3, 100, RIGHT), (
        "the walker arrives at the box of track 3"
    )
    assert selection.includes(1, 0, LEFT) and selection.includes(1, 50, np.array([900.0, 0, 950, 100]))


def test_track_of_an_undetected_person_is_not_included_until_it_overlaps() -> None:
    selection = select(True, True)
    assert not selection.includes(5, 0, np.array([600.0, 0, 700, 200]))
    assert selection.includes(5, 60, RIGHT)


def test_end_boxes_count_within_the_slack() -> None:
    assert select(True, False).includes(1, -10, LEFT)
    assert not select(True, False).includes(1, -11, LEFT)


def test_broken_track_is_included_under_another_id() -> None:
    selection = select(True, False)
    assert selection.includes(1, 0, LEFT) and selection.includes(9, 40, LEFT + [120, 0, 120, 0])


def test_file_round_trip(tmp_path: Path) -> None:
    thumbnail = np.arange(128 * 128 * 3).astype(np.uint8).reshape(128, 128, 3)
    person = DetectedPerson(1, WALKER[:, 0].astype(int), WALKER[:, 1:], thumbnail)
    save_detected([person, person], tmp_path / "found.npz")
    read = load_detected(tmp_path / "found.npz")
    assert len(read) == 2 and (read[1].first_frame, read[1].last_frame) == (0, 100)
    np.testing.assert_array_equal(read[0].thumbnail, thumbnail)
    ((is_selected, rows),) = PeopleSelection.from_job([read[0].to_job(True)], slack=1).people
    assert is_selected
    np.testing.assert_array_equal(rows, WALKER)


def test_malformed_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "found.npz").write_text("text")
    with pytest.raises(TarError, match="scan the video again"):
        load_detected(tmp_path / "found.npz")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "no person is selected"),
        ([{"wanted": False, "boxes": [[0, 1, 2, 3, 4]]}], "no person is selected"),
        ([{"wanted": True}], "scan the video again"),
        ([{"wanted": True, "boxes": [[0, 1, 2]]}], "scan the video again"),
        (3, "scan the video again"),
    ],
)
def test_malformed_selection_is_rejected(entries: Any, message: str) -> None:
    with pytest.raises(TarError, match=message):
        PeopleSelection.from_job(entries, slack=1)
