"""What is doubtful is found where it is, and no more."""

import numpy as np

from tar_core.cleanup.uncertainty import SHORTEST, UNSURE, legs_seen, uncertain_ranges
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


def test_a_sure_person_raises_no_doubt() -> None:
    assert uncertain_ranges(person(), 30) == []


def test_legs_are_seen_where_neither_is_guessed() -> None:
    someone = person(4)
    someone.joint_errors[1, JOINT_NAMES.index("right_ankle")] = UNSURE + 0.1
    someone.joint_errors[2, JOINT_NAMES.index("left_wrist")] = UNSURE + 0.1  # no leg
    someone.confidence[3] = 0
    np.testing.assert_array_equal(legs_seen(someone), [True, False, True, False])


def test_a_guessed_arm_and_a_gap_are_named_in_time() -> None:
    someone = person()
    someone.joint_errors[20:30, JOINT_NAMES.index("left_wrist")] = UNSURE + 0.1
    someone.confidence[5:15] = 0
    someone.joint_errors[5:15] = 1.0  # of course: nobody was seen
    assert [str(doubt) for doubt in uncertain_ranges(someone, 30)] == [
        "nobody seen in frames 105 to 114",
        "left arm unsure in frames 120 to 129",
    ]


def test_a_moment_is_not_worth_a_look() -> None:
    someone = person()
    someone.joint_errors[20:23, JOINT_NAMES.index("right_ankle")] = 1.0
    assert uncertain_ranges(someone, 30) == []
    assert len(uncertain_ranges(someone, 3 / SHORTEST)) == 1
