"""Looks at parts of tracked people, such as hands and faces, in single frames."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

LEFT_HAND, RIGHT_HAND, FACE = range(3)  # the parts
_BODY = slice(11, 33)  # landmarks that measure the size of the body


class Look(Protocol):
    """What was seen of a part in one frame."""

    @property
    def frame(self) -> int: ...


AnyLook = TypeVar("AnyLook", bound=Look)
Looks = dict[tuple[int, int], list[AnyLook]]  # by number of the track, and part


def looks_at(person: Mapping[int, int], part: int, looks: Mapping[tuple[int, int], Sequence[AnyLook]]) -> list[AnyLook]:
    """The looks at a part of a person, in the order of the frames.

    Args:
        person: frames in which the person is seen, and the number of the track in each.
        part: one of the parts.
        looks: at the parts of all tracks.
    """
    found = [
        look
        for track_id in sorted(set(person.values()))
        for look in looks.get((track_id, part), ())
        if person.get(look.frame) == track_id
    ]
    return sorted(found, key=lambda look: look.frame)


def pixels_per_meter(points: np.ndarray, world: np.ndarray) -> float:
    """Size of a person in the image.

    Args:
        points: [39, 2] the body's landmarks, pixels.
        world: [39, 3] the same in the axes of the crop, meters.
    """
    return float(np.sqrt(points[_BODY].var(0).sum() / max(world[_BODY, :2].var(0).sum(), 1e-6)))
