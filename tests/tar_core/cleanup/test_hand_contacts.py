"""Hands in contact: palms, and when a hand rests."""

import numpy as np
import pytest

from tar_core.cleanup.hand_contacts import palm_points, resting_range
from tar_core.cleanup.limb_ik import ARMS
from tests.support.standing import BODY, FPS, leaning_motion, standing_motion


def test_palms_are_at_the_ends_of_the_arms() -> None:
    person = standing_motion()
    person.poses[:, 3:] = 0
    left, right = palm_points(person, BODY)[0] - person.trans[0]
    assert left[0] > 0.7 and right[0] == pytest.approx(-left[0], abs=1e-3)


def test_resting_range_is_where_the_hand_hardly_moves() -> None:
    person = leaning_motion(0.5)
    time = np.arange(60)
    person.poses[:, 3 * ARMS[0][0] + 2] = np.where(time < 30, 0, 0.12 * (time - 30))
    first, end = resting_range(person, BODY, FPS, 0, 12)
    assert first == 0 and 26 <= end <= 31
    assert resting_range(person, BODY, FPS, 0, 45) is None
    assert resting_range(person, BODY, FPS, 1, 45) == (0, 60)
