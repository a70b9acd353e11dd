"""Looks at parts of tracked people, such as hands and faces, in single frames, and what they show over time."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.filters import smooth_points, smoothing_window

LEFT_HAND, RIGHT_HAND, FACE = range(3)  # the parts
HANDS = LEFT_HAND, RIGHT_HAND
MAX_GAP = 0.4  # seconds between two looks that are joined
FADE = 0.3  # seconds from the last look of a run until nothing of it is left
SMOOTHING = 0.2  # seconds of motion that a parabola is fitted to
_BODY = slice(11, 33)  # landmarks that measure the size of the body


class Look(Protocol):
    """What was seen of a part in one frame."""

    @property
    def frame(self) -> int: ...


AnyLook = TypeVar("AnyLook", bound=Look)
Looks = dict[tuple[int, int], list[AnyLook]]  # by number of the track, and part


@dataclass
class Followed:
    """A part of a person that is looked at.

    Attributes:
        body: [..., 2] the body's landmarks of it at the last look, or their mean, frame pixels.
        looked: frame of the last look.
        points: [P, 2] its own landmarks then, frame pixels, if it was seen.
    """

    body: np.ndarray
    looked: int
    points: np.ndarray | None = None


def may_be_same(body: Crop, own: Crop, distance: float) -> bool:
    """Whether the crops from the body's landmarks and from a part's own may show the same part.

    Args:
        body, own: the crops.
        distance: between their centers, at most, as a fraction of the larger side.
    """
    between = np.hypot(body.center_x - own.center_x, body.center_y - own.center_y)
    return bool(between < distance * max(body.size, own.size) and 0.5 < own.size / body.size < 2.0)


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


def without_swapped_hands(
    looks: Mapping[tuple[int, int], Sequence[AnyLook]], swapped_arms: Mapping[int, Container[int]]
) -> Looks[AnyLook]:
    """The looks without those at the other hand of a person.

    Args:
        looks: at the parts of all tracks.
        swapped_arms: for each track, the frames in which the left arm was taken for the right one.
    """
    return {
        (track, part): [look for look in seen if part not in HANDS or look.frame not in swapped_arms[track]]
        for (track, part), seen in looks.items()
    }


def pixels_per_meter(points: np.ndarray, world: np.ndarray) -> float:
    """Size of a person in the image.

    Args:
        points: [39, 2] the body's landmarks, pixels.
        world: [39, 3] the same in the axes of the crop, meters.
    """
    return float(np.sqrt(points[_BODY].var(0).sum() / max(world[_BODY, :2].var(0).sum(), 1e-6)))


def values_over_time(
    values: np.ndarray,
    presence: np.ndarray,
    rows: np.ndarray,
    count: int,
    fps: float,
    is_smoothed: np.ndarray | bool = True,
    slowness: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate and smooth what looks show, between looks that are close in time.

    Args:
        values: [M, C] seen in the frames `rows` [M], which increase.
        presence: [M] how sure the looks are, 0 to 1.
        count: number of frames N.
        fps: frames per second.
        is_smoothed: [C] which columns are smoothed.
        slowness: factor of MAX_GAP, FADE and SMOOTHING, for values that change slowly.

    Returns:
        values: [N, C], constant beyond the first and the last look of a run; 0 where no look is near.
        confidence: [N] 0 to 1, fading there; 0 where no look is near.
    """
    result, confidence = np.zeros((count, values.shape[1])), np.zeros(count)
    fps = fps * slowness
    starts = np.flatnonzero(np.diff(rows, prepend=-np.inf) > MAX_GAP * fps)
    for first, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        own = rows[first:end]
        run = np.arange(own[0], own[-1] + 1)
        known = np.stack([np.interp(run, own, column) for column in values[first:end].T], 1)
        sure = np.interp(run, own, presence[first:end])
        window = smoothing_window(SMOOTHING * fps, len(run))
        smooth = smooth_points(known, window, (1 / np.maximum(sure, 0.1))[:, None])
        known = np.where(is_smoothed, smooth, known)
        near = np.arange(max(0, own[0] - int(FADE * fps)), min(count, own[-1] + int(FADE * fps) + 1))
        inside = np.clip(near, own[0], own[-1])
        strength = sure[inside - own[0]] * (1 - np.abs(near - inside) / (FADE * fps + 1))
        better = strength > confidence[near]
        result[near[better]], confidence[near[better]] = known[inside[better] - own[0]], strength[better]
    return result, confidence
