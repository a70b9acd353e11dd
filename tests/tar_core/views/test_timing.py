"""The delay of a view is found from the motion of one person, whatever the camera."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.body.data import load_body
from tar_core.views.sightings import joints_of
from tar_core.views.timing import find_delay, likeness_at
from tests.support.views import BACK, FPS, FRONT, SIDE, dancer, later, seen_by


def joints(person):
    return joints_of(person, load_body())


@settings(max_examples=10)
@given(st.integers(0, 60), st.integers(0, 1000))
def test_the_delay_of_the_same_motion_is_found(frames, seed):
    person = dancer(seed)
    found = find_delay(joints(person), joints(later(seen_by(SIDE, person), frames)), FPS)
    assert found.frames == pytest.approx(frames, abs=0.05)
    assert found.likeness == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("camera", [SIDE, BACK])
def test_the_delay_is_found_in_spite_of_errors_of_both_views(camera):
    person = dancer()
    ours, theirs = seen_by(FRONT, person, 0.15, seed=1), later(seen_by(camera, person, 0.15, seed=2), 25)
    found = find_delay(joints(ours), joints(theirs), FPS)
    assert found.frames == pytest.approx(25, abs=1)
    assert found.likeness > 0.5


def test_an_earlier_view_has_a_negative_delay():
    person = dancer()
    assert find_delay(joints(later(person, 25)), joints(seen_by(SIDE, person)), FPS).frames == pytest.approx(
        -25, abs=0.05
    )


def test_fractions_of_frames_are_found():
    person = dancer()
    between = 0.5 * (joints(person)[1:] + joints(person)[:-1])  # half a frame later
    assert find_delay(joints(person), between, FPS).frames == pytest.approx(0.5, abs=0.05)


def test_other_motion_is_not_alike():
    assert find_delay(joints(dancer(1)), joints(seen_by(SIDE, dancer(2))), FPS).likeness < 0.5


def test_a_mirror_image_is_not_alike():
    """The best transformation is a rotation, not a reflection."""
    person = dancer()
    mirrored = joints(person) * [-1, 1, 1]
    assert likeness_at(joints(person), mirrored, FPS) < 0.9 < likeness_at(joints(person), joints(person), FPS)


def test_motion_that_is_too_short_has_no_delay():
    person = joints(dancer())
    assert find_delay(person, person[:20], FPS) is None
    assert likeness_at(person[:2], person[:2], FPS) == -1
    np.testing.assert_allclose(likeness_at(person, person, FPS), 1)
