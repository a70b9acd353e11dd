"""Shots: the parts of a video between camera cuts."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tar_core.duration import format_duration
from tar_core.errors import TarError

MAX_SHOTS_LISTED = 5  # in messages


@dataclass(frozen=True)
class Shot:
    """A part of a video between two camera cuts.

    Attributes:
        number: counted from 1, from the first captured frame on.
        first: first video frame.
        last: last video frame.
    """

    number: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"shot {self.number}: frames {self.first} to {self.last}"

    @property
    def name(self) -> str:
        return f"Shot {self.number}"

    def with_times(self, fps: float) -> str:
        """The shot as text, with the times at which its first frame appears and its last one disappears."""
        first, end = (format_duration(frame / fps, decimals=2) for frame in (self.first, self.last + 1))
        return f"{self}, {first} to {end}"

    def resampled(self, ratio: float) -> "Shot":
        """The shot at another frame rate, with `ratio` new frames for each frame."""
        first = math.ceil(self.first * ratio - 1e-6)
        return Shot(self.number, first, max(first, math.ceil((self.last + 1) * ratio - 1e-6) - 1))


def add_frame(shots: list[Shot], frame: int, is_first: bool) -> None:
    """Extend the last of some shots by a video frame, or begin another shot if the frame is the first after a cut."""
    if is_first or not shots:
        shots.append(Shot(len(shots) + 1, frame, frame))
    else:
        shots[-1] = Shot(len(shots), shots[-1].first, frame)


def shots_text(shots: Sequence[Shot]) -> str:
    """A list of shots for a message; the middle of a long one is left out."""
    listed = [str(shot) for shot in shots[:MAX_SHOTS_LISTED]]
    return ", ".join(listed + ["..."] * (len(shots) > MAX_SHOTS_LISTED))


def check_number(wanted: int, numbers: Iterable[int], source: object) -> None:
    """Check that a shot exists.

    Args:
        wanted: number of the shot.
        numbers: those of the existing shots.
        source: the video or motion file, for the message.

    Raises:
        TarError: it does not exist.
    """
    known = sorted(numbers)
    if wanted not in known:
        listed = ", ".join(map(str, known)) or "no shot"
        raise TarError(f"{source}: there is no shot {wanted}; choose from: {listed}")
