"""Numbers, frames and times of shots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.shots import Shot, add_frame, check_number, shots_text


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 100))
def test_shots_cover_all_frames_in_order(cuts: list[bool], first: int) -> None:
    shots: list[Shot] = []
    for frame, is_first in enumerate(cuts, first):
        add_frame(shots, frame, is_first)
    assert [shot.number for shot in shots] == list(range(1, len(shots) + 1))
    assert [frame for shot in shots for frame in range(shot.first, shot.last + 1)] == [*range(first, first + len(cuts))]
    assert [shot.first for shot in shots[1:]] == [k for k, is_first in enumerate(cuts, first) if is_first and k > first]


@given(st.floats(0.2, 5), st.integers(0, 1000), st.integers(0, 100), st.integers(0, 100))
def test_shots_stay_neighbors_at_another_frame_rate(ratio: float, first: int, one: int, other: int) -> None:
    before = Shot(1, first, first + one).resampled(ratio)
    after = Shot(2, first + one + 1, first + one + 1 + other).resampled(ratio)
    assert after.first == before.last + 1 or before.first == before.last, "a shot has at least one frame"


def test_shots_are_printed_with_frames_and_times() -> None:
    assert Shot(2, 50, 99).with_times(25.0) == "shot 2: frames 50 to 99, 0:02.00 to 0:04.00"
    shots = [Shot(number, number, number) for number in range(1, 8)]
    assert shots_text(shots[:1]) == "shot 1: frames 1 to 1" and shots_text(shots).endswith("5 to 5, ...")


def test_missing_shot_is_an_error() -> None:
    check_number(2, [1, 2], "a.mp4")
    with pytest.raises(TarError, match="a.mp4: there is no shot 3; choose from: 1, 2"):
        check_number(3, [2, 1], "a.mp4")
