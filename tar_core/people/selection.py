"""The people detected by a scan of a video, and the user's selection among them.

Needs NumPy only, since Blender imports it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.errors import TarError
from tar_core.files import write_npz
from tar_core.npz import MAX_FRAME, NUMBER, WHOLE_NUMBER, Form, read_npz
from tar_core.people.boxes import box_iou
from tar_core.shots import Shot

THUMBNAIL_SIZE = 128  # pixels of the longer side
MIN_IOU = 0.3  # of the boxes of one person at the same time in two passes over the video

# A person who is shorter than the tallest one by the first factor, or by the second one and moves less than this in
# heights of the box, is probably a bystander.
SMALL, BACKGROUND, STILL = 0.4, 0.75, 0.15

_PICTURE_KEYS = {"frames": "picture_frames", "images": "pictures", "scale": "picture_scale"}
_FILE_KEYS = {"frames": "frames", "boxes": "boxes", "thumbnail": "picture"}  # attribute to key in the file


@dataclass(frozen=True)
class DetectedPerson:
    """A person detected by a scan.

    Attributes:
        person_id: number, starting at 1.
        frames: [M] increasing video frame numbers with a recorded box; includes the first and the last.
        boxes: [M, 4] x0, y0, x1, y1 in pixels.
        thumbnail: [H, W, 3] uint8 RGB, the person alone; the longer side has THUMBNAIL_SIZE pixels.
    """

    person_id: int
    frames: np.ndarray
    boxes: np.ndarray
    thumbnail: np.ndarray

    @property
    def first_frame(self) -> int:
        return int(self.frames[0])

    @property
    def last_frame(self) -> int:
        return int(self.frames[-1])

    @property
    def height(self) -> float:
        """Usual height of the box, pixels."""
        return float(np.median(self.boxes[:, 3] - self.boxes[:, 1]))

    @property
    def movement(self) -> float:
        """How far the center of the box moves, in heights of the box."""
        centers = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        return float(np.ptp(centers, axis=0).max() / max(self.height, 1.0))

    def box_at(self, frame: float) -> np.ndarray | None:
        """The box [4] in a frame, between recorded boxes; None before the first and after the last frame."""
        if not self.first_frame <= frame <= self.last_frame:
            return None
        return np.array([np.interp(frame, self.frames, column) for column in self.boxes.T])

    def to_job(self, is_selected: bool) -> dict[str, Any]:
        """The person's entry in the selection of a capture job; `PeopleSelection.from_job` reads it."""
        rows = np.column_stack([self.frames, self.boxes.round(1)]).tolist()
        return {"wanted": is_selected, "boxes": rows}


def bystander_reasons(people: Sequence[DetectedPerson]) -> list[str]:
    """For each person, why they are probably not meant to be captured; empty for the others."""
    tallest = max((person.height for person in people), default=0.0)

    def reason(person: DetectedPerson) -> str:
        if person.height < SMALL * tallest:
            return "Small or far away"
        is_in_background = person.height < BACKGROUND * tallest
        return "Still, in the background" if is_in_background and person.movement < STILL else ""

    return [reason(person) for person in people]


@dataclass(frozen=True)
class Pictures:
    """Some frames of a video, reduced in size, over which the boxes of people are drawn.

    Attributes:
        frames: [K] increasing video frame numbers.
        images: [K, H, W, 3] uint8 RGB.
        scale: pixels of the video per pixel of the images.
    """

    frames: np.ndarray
    images: np.ndarray
    scale: float


@dataclass(frozen=True)
class Scan:
    """The result of a scan: the people, the largest first, the shots of the video, and some of its frames."""

    people: list[DetectedPerson]
    shots: list[Shot]
    pictures: Pictures | None = None

    def save(self, path: Path) -> None:
        """Write an .npz file. An incomplete file is never left behind.

        Raises:
            TarError: the file cannot be written.
        """
        arrays: dict[str, Any] = {
            "ids": np.array([person.person_id for person in self.people], np.int64),
            "shots": np.array([(shot.number, shot.first, shot.last) for shot in self.shots], np.int64).reshape(-1, 3),
        }
        if self.pictures is not None:
            arrays |= {name: getattr(self.pictures, field) for field, name in _PICTURE_KEYS.items()}
        for index, person in enumerate(self.people):
            arrays |= {f"{key}_{index}": getattr(person, name) for name, key in _FILE_KEYS.items()}
        write_npz(path, arrays)

    @classmethod
    def load(cls, path: Path) -> "Scan":
        """Read a file written by `save`.

        Raises:
            TarError: the file is missing or has other content.
        """
        about = ("not a list of detected people", "scan the video again")
        lists = read_npz(path, _LISTS, *about)
        ids = lists["ids"]
        data = read_npz(path, {name: form for i in range(len(ids)) for name, form in _forms(i).items()}, *about)
        people = [
            DetectedPerson(int(number), **{name: data[f"{key}_{i}"] for name, key in _FILE_KEYS.items()})
            for i, number in enumerate(ids)
        ]
        shots = [Shot(*numbers) for numbers in lists["shots"].tolist()] if "shots" in lists else []
        has_pictures = all(name in lists for name in _PICTURE_KEYS.values()) and lists["pictures"].size > 0
        if not has_pictures:
            return cls(people, shots)
        pictures = Pictures(lists["picture_frames"], lists["pictures"], float(lists["picture_scale"]))
        return cls(people, shots, pictures)


_LISTS = {
    "ids": Form(WHOLE_NUMBER, ("P",)),
    "shots": Form(WHOLE_NUMBER, ("S", 3), low=0, high=MAX_FRAME, optional=True),
    "picture_frames": Form(WHOLE_NUMBER, ("K",), low=0, high=MAX_FRAME, optional=True),
    "pictures": Form(WHOLE_NUMBER, ("K", "height", "width", 3), low=0, high=255, optional=True),
    "picture_scale": Form(NUMBER, (), low=0.01, high=100, optional=True),
}  # older engines do not write the optional ones


def _forms(index: int) -> dict[str, Form]:
    """The forms of one person's arrays."""
    return {
        f"frames_{index}": Form(WHOLE_NUMBER, (f"{index}",), low=0, high=MAX_FRAME),
        f"boxes_{index}": Form(NUMBER, (f"{index}", 4)),
        f"picture_{index}": Form(WHOLE_NUMBER, (f"height_{index}", f"width_{index}", 3), low=0, high=255),
    }


@dataclass
class PeopleSelection:
    """Decides which people of a capture are selected.

    People differ between two passes over a video: they have other numbers, and may break where they did not before.
    Each is assigned to the detected person whose boxes overlap most over all frames. People who are not selected take
    part in this, so that a person who crosses a selected one is not mistaken for them.

    Attributes:
        people: for each detected person, whether the person is selected and [M, 5] rows of frame, x0, y0, x1, y1 with
            increasing frames.
        slack: number of frames before the first and after the last row in which the person's end box still counts.
    """

    people: Sequence[tuple[bool, np.ndarray]]
    slack: float
    _needed: set[int] = field(default_factory=set)

    @classmethod
    def from_job(cls, entries: Sequence[Mapping[str, Any]], slack: float) -> "PeopleSelection":
        """Read the selection of a capture job, as written by `DetectedPerson.to_job`.

        Raises:
            TarError: the entries are malformed, or no person is selected.
        """
        try:
            people = [(bool(entry["wanted"]), np.array(entry["boxes"], float).reshape(-1, 5)) for entry in entries]
        except (TypeError, KeyError, ValueError) as error:
            raise TarError(f"the selection of people is malformed ({error}); scan the video again") from None
        if not any(is_selected and len(rows) for is_selected, rows in people):
            raise TarError("no person is selected; select at least one")
        return cls(people, slack)

    def needs(self, track_id: int, frame: int, box: np.ndarray) -> bool:
        """Whether a track that is at `box` [4] in `frame` may show a selected person, now or later.

        It does once it is where a selected person is. Tracks exchange people, so it stays so.
        """
        if track_id not in self._needed:
            best, is_selected = max(self._overlaps(frame, box), default=(0.0, False))
            if not is_selected or best < MIN_IOU:
                return False
            self._needed.add(track_id)
        return True

    def number_of(self, frames: Iterable[int], boxes: Iterable[np.ndarray]) -> int | None:
        """The number, starting at 1, of the selected person who is at `boxes` [M, 4] in M `frames`; None if nobody."""
        totals = np.zeros(len(self.people))
        for frame, box in zip(frames, boxes, strict=True):
            totals += [overlap if overlap >= MIN_IOU else 0.0 for overlap, _ in self._overlaps(frame, box)]
        best = int(totals.argmax())
        return best + 1 if totals[best] > 0 and self.people[best][0] else None

    def _overlaps(self, frame: int, box: np.ndarray) -> list[tuple[float, bool]]:
        """The overlap of a box [4] with that of each detected person in the frame, and whether they are selected."""
        return [
            (
                box_iou(box, np.array([np.interp(frame, rows[:, 0], column) for column in rows[:, 1:].T]))
                if len(rows) and rows[0, 0] - self.slack <= frame <= rows[-1, 0] + self.slack
                else 0.0,
                is_selected,
            )
            for is_selected, rows in self.people
        ]
