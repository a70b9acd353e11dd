from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.people.selection import DetectedPerson, PeopleSelection, Pictures, Scan, bystander_reasons
from tar_core.shots import Shot

LEFT, RIGHT = np.array([0.0, 0, 100, 200]), np.array([300.0, 0, 400, 200])
# One person walks from left to right, the other stands at the right.
WALKER = np.array([[0, *LEFT], [100, *RIGHT]])
STANDER = np.array([[0, *RIGHT], [100, *RIGHT]])


def select(walker: bool, stander: bool) -> PeopleSelection:
    return PeopleSelection([(walker, WALKER), (stander, STANDER)], slack=10)


@given(frame=st.integers(0, 60), shift=st.floats(-20, 20), scale=st.floats(0.85, 1.15))
def test_track_with_a_similar_box_shows_the_selected_person(frame: int, shift: float, scale: float) -> None:
    box = LEFT + (RIGHT - LEFT) * frame / 100 + shift
    center = (box[[0, 1, 0, 1]] + box[[2, 3, 2, 3]]) / 2
    box = center + (box - center) * scale
    for walker in (True, False):
        assert select(walker, not walker).needs(7, frame, box) == walker
        assert select(walker, not walker).number_of([frame], [box]) == (1 if walker else None)


def test_track_is_needed_once_it_was_at_a_selected_person() -> None:
    selection = select(True, False)
    assert not selection.needs(3, 0, RIGHT)
    assert selection.needs(1, 0, LEFT) and selection.needs(1, 50, np.array([900.0, 0, 950, 100]))


def test_person_is_assigned_by_all_frames() -> None:
    """The walker arrives at the stander, who counts as himself all the same."""
    standing = [RIGHT] * 3
    assert select(True, False).number_of([0, 50, 100], standing) is None
    assert select(False, True).number_of([0, 50, 100], standing) == 2
    assert select(True, False).number_of([0, 50, 100], [LEFT, (LEFT + RIGHT) / 2, RIGHT]) == 1


def test_person_who_was_not_detected_is_not_included() -> None:
    nowhere = np.array([600.0, 0, 700, 200])
    assert not select(True, True).needs(5, 0, nowhere) and select(True, True).number_of([0], [nowhere]) is None


def test_end_boxes_count_within_the_slack() -> None:
    for frame, is_included in ((-10, True), (-11, False)):
        assert select(True, False).needs(1, frame, LEFT) == is_included
        assert select(True, False).number_of([frame], [LEFT]) == (1 if is_included else None)


def person_of(rows: np.ndarray) -> DetectedPerson:
    return DetectedPerson(1, rows[:, 0].astype(int), rows[:, 1:], np.zeros((128, 64, 3), np.uint8))


def test_small_people_and_still_ones_in_the_background_are_bystanders() -> None:
    """All are 200 pixels tall, times a factor."""
    dancer, onlooker = person_of(WALKER), person_of(STANDER)

    def scaled(rows: np.ndarray, factor: float) -> DetectedPerson:
        return person_of(np.column_stack([rows[:, 0], factor * rows[:, 1:]]))

    assert bystander_reasons([dancer, onlooker]) == ["", ""], "as near as the dancer"
    assert bystander_reasons([dancer, scaled(STANDER, 0.6), scaled(WALKER, 0.6), scaled(WALKER, 0.3)]) == [
        "",
        "Still, in the background",
        "",
        "Small or far away",
    ]
    assert bystander_reasons([onlooker]) == [""] and bystander_reasons([]) == []


def test_box_between_recorded_frames() -> None:
    walker = person_of(WALKER)
    np.testing.assert_allclose(walker.box_at(50), (LEFT + RIGHT) / 2)
    assert walker.box_at(101) is None


def test_file_round_trip(tmp_path: Path) -> None:
    thumbnail = np.arange(128 * 128 * 3).astype(np.uint8).reshape(128, 128, 3)
    person = DetectedPerson(1, WALKER[:, 0].astype(int), WALKER[:, 1:], thumbnail)
    pictures = Pictures(np.array([3, 7]), np.arange(2 * 4 * 5 * 3).astype(np.uint8).reshape(2, 4, 5, 3), 2.5)
    Scan([person, person], [Shot(1, 0, 5), Shot(2, 6, 9)], pictures).save(tmp_path / "found.npz")
    found = Scan.load(tmp_path / "found.npz")
    assert found.pictures is not None and found.pictures.scale == 2.5
    np.testing.assert_array_equal(found.pictures.images, pictures.images)
    assert found.shots == [Shot(1, 0, 5), Shot(2, 6, 9)]
    read = found.people
    assert len(read) == 2 and (read[1].first_frame, read[1].last_frame) == (0, 100)
    np.testing.assert_array_equal(read[0].thumbnail, thumbnail)
    ((is_selected, rows),) = PeopleSelection.from_job([read[0].to_job(True)], slack=1).people
    assert is_selected
    np.testing.assert_array_equal(rows, WALKER)


def test_malformed_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "found.npz").write_text("text")
    with pytest.raises(TarError, match="scan the video again"):
        Scan.load(tmp_path / "found.npz")


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
