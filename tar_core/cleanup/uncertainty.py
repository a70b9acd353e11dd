"""Where captured motion is likely to be wrong, in words: frames in which a limb is guessed, or nobody was seen."""

from dataclasses import dataclass

import numpy as np

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
    found = [UncertainRange("nobody seen", *frames) for frames in stretches(~seen, person.frames, SHORTEST * fps)]
    for limb, joint in LIMBS.items():
        unsure = seen & (person.joint_errors[:, JOINT_NAMES.index(joint)] > UNSURE)
        found += [
            UncertainRange(f"{limb} unsure", *frames) for frames in stretches(unsure, person.frames, SHORTEST * fps)
        ]
    return sorted(found, key=lambda doubt: (doubt.first, doubt.last))


def legs_seen(person: PersonMotion) -> np.ndarray:
    """[N] bool: the person is seen, and neither leg is unsure."""
    ankles = [JOINT_NAMES.index(joint) for limb, joint in LIMBS.items() if "leg" in limb]
    return (person.confidence > 0) & (person.joint_errors[:, ankles] <= UNSURE).all(1)


def stretches(marked: np.ndarray, frames: np.ndarray, shortest: float) -> list[tuple[int, int]]:
    """The first and last of `frames` [N] of each run of marks [N] that has at least `shortest` of them."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(int)))
    runs = edges.reshape(-1, 2)  # begins, and ends after
    return [(int(frames[begin]), int(frames[end - 1])) for begin, end in runs if end - begin >= shortest]
