"""What a user knows better than the capture about a person: the height, the floor, and contacts of feet and hands.

The clean-up applies the edits (tar_core/cleanup/pipeline.py). Blender stores them with the person, and the command line
reads them from a file (docs/file_format.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tar_core.errors import TarError
from tar_core.option_fields import LARGEST_INTEGER

Effector = Literal["left_foot", "right_foot", "left_hand", "right_hand"]
EFFECTORS: tuple[Effector, ...] = ("left_foot", "right_foot", "left_hand", "right_hand")
FEET, HANDS = slice(0, 2), slice(2, 4)  # of the effectors

MIN_HEIGHT, MAX_HEIGHT = 0.5, 2.5  # meters of a body
_MAX_RANGES = 1000  # of contacts of a person, in a file


@dataclass(frozen=True)
class ContactRange:
    """Whether a foot is in contact with the ground, or a hand with anything, in a range of frames.

    Attributes:
        effector: the foot or the hand.
        first, last: frames of the video, 0-based, both included.
        in_contact: whether it is locked in place in all of them, or in none.
    """

    effector: Effector
    first: int
    last: int
    in_contact: bool


@dataclass(frozen=True)
class PersonEdits:
    """The edits of one person.

    Attributes:
        height: of the body in the T-pose, meters; None if it is not known.
        on_floor: the person stands on the floor.
        contacts: ranges that do not overlap; in all other frames, contacts are those that the clean-up finds; it
            finds those of feet only.

    Raises:
        TarError: the height or a frame is out of range.
    """

    height: float | None = None
    on_floor: bool = False
    contacts: tuple[ContactRange, ...] = ()

    def __post_init__(self) -> None:
        if self.height is not None and not MIN_HEIGHT <= self.height <= MAX_HEIGHT:
            raise TarError(
                f"a body height must be from {100 * MIN_HEIGHT:.0f} to {100 * MAX_HEIGHT:.0f} cm, "
                f"not {100 * self.height:g}"
            )
        for contact in self.contacts:
            if not 0 <= contact.first <= contact.last <= LARGEST_INTEGER:
                raise TarError(f"the frames {contact.first} to {contact.last} of a contact are no range of frames")

    def with_contact(self, effector: Effector, first: int, last: int, in_contact: bool | None) -> "PersonEdits":
        """Change a contact in a range of frames; None returns to what the clean-up finds."""
        kept = [part for contact in self.contacts for part in _outside(contact, effector, first, last)]
        if in_contact is not None:
            kept.append(ContactRange(effector, first, last, in_contact))
        return replace(self, contacts=tuple(_joined(kept)))

    def contact_marks(self, frames: np.ndarray) -> np.ndarray:
        """The edited contacts of the feet and hands at frame numbers [N].

        Returns:
            [N, 4] in the order of EFFECTORS: 1 in contact, -1 not in contact, 0 as the clean-up finds.
        """
        marks = np.zeros((len(frames), len(EFFECTORS)), np.int8)
        for contact in self.contacts:
            inside = (frames >= contact.first) & (frames <= contact.last)
            marks[inside, EFFECTORS.index(contact.effector)] = 1 if contact.in_contact else -1
        return marks

    def to_json(self) -> dict[str, Any]:
        """Convert the edits to JSON values; the inverse of `from_json`."""
        values: dict[str, Any] = {"height": self.height} if self.height is not None else {}
        if self.on_floor:
            values["on_floor"] = True
        if self.contacts:
            values["contacts"] = [_contact_to_json(contact) for contact in self.contacts]
        return values

    @classmethod
    def from_json(cls, values: Any) -> "PersonEdits":
        """Create edits from JSON values; contacts that overlap replace those before them.

        Raises:
            TarError: the values have another form, or are out of range.
        """
        if not isinstance(values, dict) or not set(values) <= {"height", "on_floor", "contacts"}:
            raise TarError('the edits of a person have the keys "height", "on_floor" and "contacts" only')
        height: Any = values.get("height")
        on_floor, ranges = values.get("on_floor", False), values.get("contacts", [])
        if height is not None and (isinstance(height, bool) or not isinstance(height, int | float)):
            raise TarError("the height of a person must be a number of meters")
        if type(on_floor) is not bool:
            raise TarError("on_floor must be true or false")
        if not isinstance(ranges, list) or len(ranges) > _MAX_RANGES:
            raise TarError(f"contacts must be a list of at most {_MAX_RANGES} ranges")
        edits = cls(height, on_floor)
        for one in map(_contact_from_json, ranges):
            edits = edits.with_contact(one.effector, one.first, one.last, one.in_contact)
        return edits


def load_edits(path: Path) -> dict[int, PersonEdits]:
    """Read the edits of several people, by the IDs of the people, from a JSON file.

    Raises:
        TarError: the file cannot be read or has another form.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TarError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError):
        raise TarError(f"{path}: is not a JSON file; see docs/file_format.md") from None
    if not isinstance(values, dict) or not all(key.isdecimal() for key in values):
        raise TarError(f"{path}: the edits must be an object with a person's ID as each key")
    try:
        return {int(key): PersonEdits.from_json(value) for key, value in values.items()}
    except TarError as error:
        raise TarError(f"{path}: {error}") from None


def parse_height(text: str) -> tuple[int, float]:
    """Parse the text "PERSON=CM": the ID of a person and the height in meters.

    Raises:
        ValueError: the text has another form.
    """
    person, _, centimeters = text.partition("=")
    return int(person), float(centimeters) / 100


def with_heights(
    edits: Mapping[int, PersonEdits], heights: Sequence[tuple[int, float]], people: Sequence[int]
) -> dict[int, PersonEdits]:
    """Add known heights in meters to edits.

    Raises:
        TarError: a height is out of range, or an ID is not among the `people`.
    """
    result = dict(edits)
    for person, height in heights:
        result[person] = replace(result.get(person, PersonEdits()), height=height)
    unknown = sorted(set(result) - set(people))
    if unknown:
        available = ", ".join(map(str, sorted(set(people))))
        raise TarError(f"there is no person {unknown[0]}; the file contains the people {available}")
    return result


def _contact_to_json(contact: ContactRange) -> dict[str, Any]:
    side, part = contact.effector.split("_")
    return {part: side, "first": contact.first, "last": contact.last, "in_contact": contact.in_contact}


def _contact_from_json(values: Any) -> ContactRange:
    match values:
        case {"first": int(first), "last": int(last), "in_contact": bool(in_contact), **others}:
            for effector in EFFECTORS:
                side, part = effector.split("_")
                if others == {part: side}:
                    return ContactRange(effector, first, last, in_contact)
    raise TarError('a contact has a "foot" or "hand" (left or right), the frames "first" and "last", and "in_contact"')


def _outside(contact: ContactRange, effector: Effector, first: int, last: int) -> list[ContactRange]:
    """The parts of a range that are outside a range of the same foot or hand."""
    if contact.effector != effector or contact.last < first or last < contact.first:
        return [contact]
    before, after = replace(contact, last=first - 1), replace(contact, first=last + 1)
    return [part for part in (before, after) if part.first <= part.last]


def _joined(contacts: Sequence[ContactRange]) -> list[ContactRange]:
    """Ranges in order, with adjacent ones of the same kind joined."""
    joined: list[ContactRange] = []
    for contact in sorted(contacts, key=lambda one: (one.effector, one.first)):
        before = joined[-1] if joined else None
        if before is not None and (before.effector, before.in_contact, before.last + 1) == (
            contact.effector,
            contact.in_contact,
            contact.first,
        ):
            joined[-1] = replace(before, last=contact.last)
        else:
            joined.append(contact)
    return joined
