"""Who was found in a video by a quick look, and which of them a user wants: without torch, for Blender too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.errors import TarError
from tar_core.files import atomic_path

PICTURE_SIZE = 128  # pixels
LEAST_OVERLAP = 0.3  # of the boxes of one person at one time, in two passes


@dataclass(frozen=True)
class DetectedPerson:
    """A person as the look saw them.

    Attributes:
        person_id: number, from 1 up.
        frames: [M] rising video frames in which the box is noted, the first and last among them.
        boxes: [M, 4] x0 y0 x1 y1 in pixels.
        picture: [PICTURE_SIZE, PICTURE_SIZE, 3] uint8 RGB.
    """

    person_id: int
    frames: np.ndarray
    boxes: np.ndarray
    picture: np.ndarray

    @property
    def first(self) -> int:
        return int(self.frames[0])

    @property
    def last(self) -> int:
        return int(self.frames[-1])

    def trace(self, wanted: bool) -> dict[str, Any]:
        """What an engine's job says of this person."""
        rows = np.column_stack([self.frames, self.boxes.round(1)]).tolist()
        return {"wanted": wanted, "boxes": rows}


def save_detected(people: Sequence[DetectedPerson], path: Path) -> None:
    """Writes an npz, whole or not at all.

    Raises:
        TarError: it cannot be written.
    """
    arrays = {"ids": np.array([person.person_id for person in people], np.int64)}
    for place, person in enumerate(people):
        arrays |= {f"{name}_{place}": getattr(person, name) for name in ("frames", "boxes", "picture")}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load_detected(path: Path) -> list[DetectedPerson]:
    """What `save_detected` wrote.

    Raises:
        TarError: something else.
    """
    try:
        with np.load(path) as file:
            parts = [[file[f"{name}_{i}"] for name in ("frames", "boxes", "picture")] for i in range(len(file["ids"]))]
            return [DetectedPerson(int(number), *part) for number, part in zip(file["ids"], parts, strict=True)]
    except (OSError, ValueError, KeyError) as error:
        raise TarError(f"{path.name}: not a list of people; look for them again") from error


@dataclass
class PeopleSelection:
    """Tells the tracks of a capture that belong to wanted people from those of others.

    Tracking is not the same in two passes: numbers differ, and a track may break where another held. So a track belongs
    to whomever its box lies on best when it comes near anybody's for the first time, the unwanted included: else
    somebody who crosses a wanted person would be taken for them.

    Attributes:
        traces: of everybody found: whether they are wanted, and [M, 5] rows of frame, x0, y0, x1, y1, frames rising.
        slack: frames before the first and after the last row at which a trace's end still counts.
    """

    traces: Sequence[tuple[bool, np.ndarray]]
    slack: float
    _decided: dict[int, bool] = field(default_factory=dict)

    @classmethod
    def from_job(cls, traces: Sequence[Mapping[str, Any]], slack: float) -> "PeopleSelection":
        """From what `DetectedPerson.trace` says.

        Raises:
            TarError: nobody is wanted, or it is something else.
        """
        try:
            read = [(bool(trace["wanted"]), np.array(trace["boxes"], float).reshape(-1, 5)) for trace in traces]
        except (TypeError, KeyError, ValueError) as error:
            raise TarError(f"the chosen people are not a list of traces ({error}); look for them again") from None
        if not any(wanted and len(rows) for wanted, rows in read):
            raise TarError("nobody is chosen; choose at least one person")
        return cls(read, slack)

    def wants(self, track_id: int, frame: int, box: np.ndarray) -> bool:
        """Whether a track, now at this box [4], is a wanted person's."""
        if track_id not in self._decided:
            overlaps = [(overlap(box, place), wanted) for wanted, place in self._places(frame)]
            best, wanted = max(overlaps, default=(0.0, False))
            if best < LEAST_OVERLAP:
                return False
            self._decided[track_id] = wanted
        return self._decided[track_id]

    def _places(self, frame: int) -> list[tuple[bool, np.ndarray]]:
        """Where everybody was at a frame."""
        return [
            (wanted, np.array([np.interp(frame, rows[:, 0], column) for column in rows[:, 1:].T]))
            for wanted, rows in self.traces
            if len(rows) and rows[0, 0] - self.slack <= frame <= rows[-1, 0] + self.slack
        ]


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes [4]."""
    shared = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (shared <= 0).any():
        return 0.0
    intersection = float(shared.prod())
    return intersection / float((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - intersection)
