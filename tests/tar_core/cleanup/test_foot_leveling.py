"""Standing feet become parallel to the floor; others keep their tilt."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.foot_leveling import MAX_ANGLE, level_feet
from tar_core.motion import LEVEL, Floor, PersonMotion
from tar_core.skeleton import JOINT_NAMES
from tests.support.standing import BODY, FPS, standing_motion

FLOOR = Floor(LEVEL, 1.0)
LEFT = JOINT_NAMES.index("left_ankle")


def with_tilted_foot(degrees: float) -> PersonMotion:
    """The toes of the left foot point down by some degrees."""
    person = standing_motion()
    poses = person.poses.copy()
    poses[:, 3 * LEFT] += np.radians(degrees)
    return replace(person, poses=poses)


def slope(person: PersonMotion) -> np.ndarray:
    """[N] height of the left heel above the left big toe, meters."""
    soles = FLOOR.heights(sole_points(person, BODY))
    return np.asarray(soles[:, 0] - soles[:, 1])


@pytest.mark.parametrize("degrees", [15.0, -10.0])
def test_standing_foot_becomes_level(degrees: float) -> None:
    tilted = with_tilted_foot(degrees)
    assert np.abs(slope(tilted)).min() > 0.025
    level = level_feet(tilted, BODY, FPS, FLOOR, np.ones((60, 2)))
    np.testing.assert_allclose(slope(level), slope(standing_motion()), atol=0.003)
    others = [joint for joint in range(24) if "ankle" not in JOINT_NAMES[joint]]
    changed = (level.poses - tilted.poses).reshape(60, 24, 3)
    assert not changed[:, others].any()
    np.testing.assert_array_equal(level.trans, tilted.trans)


def test_feet_that_do_not_stand_keep_their_tilt() -> None:
    tilted = with_tilted_foot(15)
    stance = np.zeros((60, 2))
    np.testing.assert_array_equal(level_feet(tilted, BODY, FPS, FLOOR, stance).poses, tilted.poses)
    on_toes = with_tilted_foot(MAX_ANGLE + 10)
    level = level_feet(on_toes, BODY, FPS, FLOOR, np.ones((60, 2)))
    np.testing.assert_allclose(slope(level), slope(on_toes), atol=1e-6)


def test_leveling_fades_in_and_out() -> None:
    stance = np.zeros((60, 2))
    stance[20:40] = 1
    change = np.abs(np.diff(slope(level_feet(with_tilted_foot(15), BODY, FPS, FLOOR, stance))))
    assert change.max() < 0.5 * np.abs(slope(with_tilted_foot(15))).max()
    assert change[:17].max() < 1e-6 < change[17:23].max()
