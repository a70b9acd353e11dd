"""Where captured motion is likely to be wrong, in words: frames in which a limb is guessed, or nobody was seen."""

from dataclasses import dataclass

import numpy as np

from tar_core.filters import true_runs
from tar_core.motion import PersonMotion
from tar_core.skeleton import JOINT_NAMES

UNSURE = 0.25  # meters that the end of a limb is expected to lie off; plainly seen ones are told to lie off 0.1 to 0.15
SHORTEST = 0.2  # seconds; shorter uncertain_ranges are not worth a look

LIMBS = {"left arm": "left_wrist", "right arm": "right_wrist", "left leg": "left_ankle", "right leg": "right_ankle"}


@dataclass(frozen=True)
class UncertainRange:
    """A stretch of video frames, both ends included, and what is doubtful in it."""

    what: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.what} in frames {self.first} to {self.last}"


def uncertain_ranges(person: PersonMotion, fps: float) -> list[UncertainRange]:
    """What an animator should look at, in the order of time; a limb counts as unsure only while the person is seen."""
    seen = person.confidence > 0
    marked = {"nobody seen": ~seen}
    for limb, joint in LIMBS.items():
        unsure = seen & (person.joint_errors[:, JOINT_NAMES.index(joint)] > UNSURE)
        marked[f"{limb} unsure"] = unsure
    found = [
        UncertainRange(what, int(person.frames[first]), int(person.frames[end - 1]))
        for what, flags in marked.items()
        for first, end in true_runs(flags, SHORTEST * fps)
    ]
    return sorted(found, key=lambda doubt: (doubt.first, doubt.last))


def legs_seen(person: PersonMotion) -> np.ndarray:
    """[N] bool: the person is seen, and neither leg is unsure."""
    ankles = [JOINT_NAMES.index(joint) for limb, joint in LIMBS.items() if "leg" in limb]
    return (person.confidence > 0) & (person.joint_errors[:, ankles] <= UNSURE).all(1)
