"""Hands in contact: palms, the limits of wrists, and when a hand rests."""

import numpy as np
import pytest

from tar_core.cleanup.hand_contacts import limit_wrists, palm_points, resting_range
from tar_core.cleanup.limb_ik import ARMS
from tar_core.rotations import axis_angle_to_quaternion, quaternion_product, quaternion_to_axis_angle
from tests.support.standing import BODY, FPS, leaning_motion, standing_motion

WRIST = ARMS[0][2]


def test_palms_are_at_the_ends_of_the_arms() -> None:
    person = standing_motion()
    person.poses[:, 3:] = 0
    left, right = palm_points(person, BODY)[0] - person.trans[0]
    assert left[0] > 0.7 and right[0] == pytest.approx(-left[0], abs=1e-3)


def turned_wrist(bend: tuple[float, float], twist: float) -> np.ndarray:
    """Poses [1, 24, 3] whose left wrist is twisted about the arm, then bent."""
    parts = (axis_angle_to_quaternion(np.array(part)) for part in ((0, *bend), (twist, 0, 0)))
    poses = np.zeros((1, 24, 3))
    poses[0, WRIST] = quaternion_to_axis_angle(quaternion_product(*parts))
    return poses


def test_wrists_within_their_limits_stay() -> None:
    poses = turned_wrist((0.9, -0.8), 1.2)
    np.testing.assert_array_equal(limit_wrists(poses, 0 * poses), poses)


def test_wrists_are_turned_back_to_their_limits() -> None:
    limit = np.radians([85, 90])
    for bend, twist in ((2.0, 0.3), (0.4, 2.2), (-2.0, -2.2)):
        expected = turned_wrist(
            (float(np.clip(bend, -limit[0], limit[0])), 0), float(np.clip(twist, -limit[1], limit[1]))
        )
        poses = turned_wrist((bend, 0), twist)
        np.testing.assert_allclose(limit_wrists(poses, 0 * poses), expected, atol=1e-6)
        np.testing.assert_allclose(limit_wrists(poses, poses), poses, atol=1e-6)


def test_resting_range_is_where_the_hand_hardly_moves() -> None:
    person = leaning_motion(0.5)
    time = np.arange(60)
    person.poses[:, 3 * ARMS[0][0] + 2] = np.where(time < 30, 0, 0.12 * (time - 30))
    first, end = resting_range(person, BODY, FPS, 0, 12)
    assert first == 0 and 26 <= end <= 31
    assert resting_range(person, BODY, FPS, 0, 45) is None
    assert resting_range(person, BODY, FPS, 1, 45) == (0, 60)
