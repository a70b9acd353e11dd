"""Ranges of frames in which captured motion is uncertain: a limb has low confidence, or the person is not detected."""

from dataclasses import dataclass

import numpy as np

from tar_core.filters import true_runs
from tar_core.motion import PersonMotion
from tar_core.skeleton import JOINT_NAMES

MAX_ERROR = 0.25  # meters; expected error of a limb's end above which it is uncertain. Typical if visible: 0.1 to 0.15
MIN_DURATION = 0.2  # seconds; shorter ranges are not reported

LIMB_ENDS = {"left arm": "left_wrist", "right arm": "right_wrist", "left leg": "left_ankle", "right leg": "right_ankle"}


@dataclass(frozen=True)
class UncertainRange:
    """A range of video frames in which motion is uncertain.

    Attributes:
        what: the reason.
        first, last: first and last frame.
    """

    what: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.what} in frames {self.first} to {self.last}"


def uncertain_ranges(person: PersonMotion, fps: float) -> list[UncertainRange]:
    """Find the ranges of frames that an animator should check, in order of time.

    Limbs are checked only in frames in which the person is detected.
    """
    detected = person.confidence > 0
    flags = {"not detected": ~detected}
    for limb, joint in LIMB_ENDS.items():
        flags[f"{limb} uncertain"] = detected & (person.joint_errors[:, JOINT_NAMES.index(joint)] > MAX_ERROR)
    ranges = [
        UncertainRange(what, int(person.frames[first]), int(person.frames[end - 1]))
        for what, is_uncertain in flags.items()
        for first, end in true_runs(is_uncertain, MIN_DURATION * fps)
    ]
    return sorted(ranges, key=lambda found: (found.first, found.last))


def has_reliable_legs(person: PersonMotion) -> np.ndarray:
    """[N] bool: whether the person is detected and neither leg is uncertain."""
    ankles = [JOINT_NAMES.index(joint) for limb, joint in LIMB_ENDS.items() if "leg" in limb]
    return (person.confidence > 0) & (person.joint_errors[:, ankles] <= MAX_ERROR).all(1)
