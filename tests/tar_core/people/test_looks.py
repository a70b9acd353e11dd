"""Looks at parts of people."""

from dataclasses import dataclass

import numpy as np
import pytest

from tar_core.camera.crop import Crop
from tar_core.people.looks import (
    FACE,
    FADE,
    LEFT_HAND,
    RIGHT_HAND,
    looks_at,
    may_be_same,
    pixels_per_meter,
    values_over_time,
    without_swapped_hands,
)


@dataclass(frozen=True)
class Look:
    frame: int
    track: int


def test_looks_are_those_of_the_persons_tracks_in_order() -> None:
    looks = {(track, FACE): [Look(frame, track) for frame in range(10)] for track in (1, 2, 3)}
    looks[1, LEFT_HAND] = [Look(5, 1)]
    found = looks_at({7: 2, 8: 2, 1: 1, 20: 1}, FACE, looks)
    assert found == [Look(1, 1), Look(7, 2), Look(8, 2)]


def test_looks_at_the_other_hand_are_left_out() -> None:
    looks = {(track, part): [Look(frame, track) for frame in range(3)] for track in (1, 2) for part in range(3)}
    found = without_swapped_hands(looks, {1: {1}, 2: set()})
    assert found[1, LEFT_HAND] == found[1, RIGHT_HAND] == [Look(0, 1), Look(2, 1)]
    assert found[1, FACE] == looks[1, FACE] and found[2, LEFT_HAND] == looks[2, LEFT_HAND]


def test_scale_is_that_of_the_projection() -> None:
    world = np.random.default_rng(0).normal(size=(39, 3))
    assert np.isclose(pixels_per_meter(250 * world[:, :2] + 40, world), 250)


def test_values_fade_beyond_runs_of_looks() -> None:
    rows = np.array([10, 12, 14, 60])
    values, confidence = values_over_time(np.array([[1.0], [2], [3], [9]]), np.ones(4), rows, 100, fps=30.0)
    np.testing.assert_allclose(values[10:15, 0], [1, 1.5, 2, 2.5, 3])
    assert confidence[10:15].min() == 1 and 0 < confidence[15] < 1
    np.testing.assert_allclose(values[15], 3)
    assert confidence[37] == 0 and values[37, 0] == 0, "the gap is too long"
    assert np.count_nonzero(confidence[:10]) == round(FADE * 30)


def test_columns_that_are_not_smoothed_are_kept() -> None:
    noise = np.random.default_rng(0).normal(size=(40, 2))
    values, _ = values_over_time(noise, np.ones(40), np.arange(40), 40, 30.0, is_smoothed=np.array([True, False]))
    np.testing.assert_array_equal(values[:, 1], noise[:, 1])
    assert values[:, 0].std() < 0.8 * noise[:, 0].std()


def test_looks_in_a_motion_shorter_than_a_gap_count() -> None:
    values, confidence = values_over_time(np.ones((5, 1)), np.ones(5), np.arange(5), 5, 30.0)
    assert confidence.min() == 1
    np.testing.assert_allclose(values, 1)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (Crop(120, 0, 100), True),
        (Crop(150, 0, 100), False),
        (Crop(100, 0, 40), False),
        (Crop(100, 0, 210), False),
        (Crop(160, 0, 180), True),
    ],
)
def test_crops_of_the_same_part_are_near_and_of_similar_size(own: Crop, expected: bool) -> None:
    assert may_be_same(Crop(100, 0, 100), own, 0.4) == expected
