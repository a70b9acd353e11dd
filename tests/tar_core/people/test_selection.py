from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.people.selection import DetectedPerson, PeopleSelection, load_detected, overlap, save_detected

LEFT, RIGHT = np.array([0.0, 0, 100, 200]), np.array([300.0, 0, 400, 200])
# The first walks to the right, the second stands there.
WALKS = np.array([[0, *LEFT], [100, *RIGHT]])
STANDS = np.array([[0, *RIGHT], [100, *RIGHT]])


def choice(walker: bool, stander: bool) -> PeopleSelection:
    return PeopleSelection([(walker, WALKS), (stander, STANDS)], slack=10)


@given(frame=st.integers(0, 60), shift=st.floats(-20, 20), stretch=st.floats(0.85, 1.15))
def test_wanted_person_is_told_by_a_box_that_is_about_theirs(frame: int, shift: float, stretch: float) -> None:
    box = LEFT + (RIGHT - LEFT) * frame / 100 + shift
    center = (box[[0, 1, 0, 1]] + box[[2, 3, 2, 3]]) / 2
    box = center + (box - center) * stretch
    assert choice(True, False).wants(7, frame, box)
    assert not choice(False, True).wants(7, frame, box)


def test_a_track_stays_whose_it_was_at_first() -> None:
    chosen = choice(True, False)
    assert not chosen.wants(3, 0, RIGHT) and not chosen.wants(3, 100, RIGHT), "the walker arrives where 3 stands"
    assert chosen.wants(1, 0, LEFT) and chosen.wants(1, 50, np.array([900.0, 0, 950, 100]))


def test_somebody_whom_the_look_missed_is_not_taken_until_they_are_known() -> None:
    chosen = choice(True, True)
    assert not chosen.wants(5, 0, np.array([600.0, 0, 700, 200]))
    assert chosen.wants(5, 60, RIGHT)


def test_a_trace_counts_a_little_beyond_its_ends() -> None:
    assert choice(True, False).wants(1, -10, LEFT)
    assert not choice(True, False).wants(1, -11, LEFT)


def test_a_broken_track_is_found_again_under_another_number() -> None:
    chosen = choice(True, False)
    assert chosen.wants(1, 0, LEFT) and chosen.wants(9, 40, LEFT + [120, 0, 120, 0])


def test_file(tmp_path: Path) -> None:
    picture = np.arange(128 * 128 * 3).astype(np.uint8).reshape(128, 128, 3)
    person = DetectedPerson(1, WALKS[:, 0].astype(int), WALKS[:, 1:], picture)
    save_detected([person, person], tmp_path / "found.npz")
    read = load_detected(tmp_path / "found.npz")
    assert len(read) == 2 and (read[1].first, read[1].last) == (0, 100)
    np.testing.assert_array_equal(read[0].picture, picture)
    (trace,) = PeopleSelection.from_job([read[0].trace(True)], slack=1).traces
    assert trace[0]
    np.testing.assert_array_equal(trace[1], WALKS)


def test_broken_file(tmp_path: Path) -> None:
    (tmp_path / "found.npz").write_text("text")
    with pytest.raises(TarError, match="look for them again"):
        load_detected(tmp_path / "found.npz")


@pytest.mark.parametrize(
    ("traces", "message"),
    [
        ([], "nobody is chosen"),
        ([{"wanted": False, "boxes": [[0, 1, 2, 3, 4]]}], "nobody is chosen"),
        ([{"wanted": True}], "look for them again"),
        ([{"wanted": True, "boxes": [[0, 1, 2]]}], "look for them again"),
        (3, "look for them again"),
    ],
)
def test_broken_choice(traces: Any, message: str) -> None:
    with pytest.raises(TarError, match=message):
        PeopleSelection.from_job(traces, slack=1)


def test_overlap() -> None:
    assert overlap(LEFT, LEFT) == 1
    assert overlap(LEFT, RIGHT) == 0
    assert overlap(LEFT, LEFT + [50, 0, 50, 0]) == pytest.approx(1 / 3)
