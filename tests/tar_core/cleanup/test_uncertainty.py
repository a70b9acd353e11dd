"""Uncertain ranges of a motion."""

import numpy as np

from tar_core.cleanup.uncertainty import MAX_ERROR, MIN_DURATION, has_reliable_legs, uncertain_ranges
from tar_core.motion import PersonMotion
from tar_core.skeleton import JOINT_NAMES


def person(count: int = 60, first: int = 100) -> PersonMotion:
    frames = np.arange(first, first + count)
    errors = np.full((count, 24), 0.1)
    return PersonMotion(
        1,
        np.zeros((count, 72)),
        np.zeros(10),
        np.zeros((count, 3)),
        frames,
        np.zeros((count, 4)),
        np.ones(count),
        errors,
    )


def test_reliable_motion_has_no_uncertain_ranges() -> None:
    assert uncertain_ranges(person(), 30) == []


def test_reliable_legs() -> None:
    motion = person(4)
    motion.joint_errors[1, JOINT_NAMES.index("right_ankle")] = MAX_ERROR + 0.1
    motion.joint_errors[2, JOINT_NAMES.index("left_wrist")] = MAX_ERROR + 0.1  # not a leg
    motion.confidence[3] = 0
    np.testing.assert_array_equal(has_reliable_legs(motion), [True, False, True, False])


def test_uncertain_arm_and_gap_are_listed_in_order_of_time() -> None:
    motion = person()
    motion.joint_errors[20:30, JOINT_NAMES.index("left_wrist")] = MAX_ERROR + 0.1
    motion.confidence[5:15] = 0
    motion.joint_errors[5:15] = 1.0  # not reported in addition to the gap
    assert [str(found) for found in uncertain_ranges(motion, 30)] == [
        "not detected in frames 105 to 114",
        "left arm uncertain in frames 120 to 129",
    ]


def test_short_ranges_are_not_reported() -> None:
    motion = person()
    motion.joint_errors[20:23, JOINT_NAMES.index("right_ankle")] = 1.0
    assert uncertain_ranges(motion, 30) == []
    assert len(uncertain_ranges(motion, 3 / MIN_DURATION)) == 1
