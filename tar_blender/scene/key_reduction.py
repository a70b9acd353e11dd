"""Fewer keys: cubic curves within a tolerance of a motion that is keyed on every frame.

From one key to the next every channel is a cubic with the motion's own slopes at the ends, which is what Blender's
Bezier curves are when their handles reach a third of the way. Where the worst frame between two keys is off by more
than the tolerance, it becomes a key too (Douglas and Peucker's rule, with curves for lines). The channels of one
rotation or place get their keys together, so that it stays one pose.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from .fcurves import ALIGNED, BEZIER, curves_of

_SLOPE_REACH = 2  # frames to either side from which a slope is taken, so that single frames' noise does not bend it

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Tolerance:
    """By how much frames may be off: rotations in degrees, places in meters."""

    degrees: float = 1.0
    meters: float = 0.005


def choose_keys(values: np.ndarray, distance: Distance, tolerance: float) -> np.ndarray:
    """The frames [K] of values [N, C] that suffice as keys, the first and the last among them.

    Args:
        distance: of values [n, C] from others, [n].
    """
    slopes = own_slopes(values)
    keys, waiting = {0, len(values) - 1}, [(0, len(values) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        inside = np.arange(first + 1, last)
        off = distance(curve(values, slopes, first, last, inside), values[inside])
        if off.max() > tolerance:
            worst = int(inside[off.argmax()])
            keys.add(worst)
            waiting += [(first, worst), (worst, last)]
    return np.array(sorted(keys))


def own_slopes(values: np.ndarray) -> np.ndarray:
    """[N, C] how much values [N, C] change in a frame."""
    before = np.maximum(np.arange(len(values)) - _SLOPE_REACH, 0)
    after = np.minimum(np.arange(len(values)) + _SLOPE_REACH, len(values) - 1)
    return (values[after] - values[before]) / np.maximum(after - before, 1)[:, None]


def curve(values: np.ndarray, slopes: np.ndarray, first: int, last: int, frames: np.ndarray) -> np.ndarray:
    """The cubic (Hermite's) between two keys at some frames, [n, C]."""
    length = last - first
    t = ((frames - first) / length)[:, None]
    start, end = values[first], values[last]
    leave, arrive = length * slopes[first], length * slopes[last]
    return (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * leave
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * arrive
    )


def degrees_apart(quaternions: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Between rotations [n, 4], whose length does not matter."""
    cosine = np.abs((quaternions * others).sum(1))
    lengths = np.linalg.norm(quaternions, axis=1) * np.linalg.norm(others, axis=1)
    return np.degrees(2 * np.arccos(np.clip(cosine / np.maximum(lengths, 1e-12), 0, 1)))


def _largest_degrees(angles: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.degrees(np.abs(angles - others).max(1))


def _apart(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.linalg.norm(places - others, axis=1)


def reduce_keys(thing: bpy.types.Object, tolerance: Tolerance) -> tuple[int, int]:
    """Takes the keys out of an object's action that are not needed; returns how many there were and are.

    Curves of rotations and places that are keyed on every frame are reduced, others left alone.
    """
    together: dict[str, list[bpy.types.FCurve]] = {}
    for fcurve in curves_of(thing):
        together.setdefault(fcurve.data_path, []).append(fcurve)
    before, after = 0, 0
    for path, fcurves in together.items():
        found = _distance_of(path, tolerance)
        frames, values = _keys_of(fcurves)
        count = sum(len(fcurve.keyframe_points) for fcurve in fcurves)
        before += count
        if found is None or len(frames) < 3 or (np.abs(np.diff(frames) - 1) > 1e-3).any():
            after += count
            continue
        keys = choose_keys(values, *found)
        slopes = own_slopes(values)
        for channel, fcurve in enumerate(fcurves):
            _write(fcurve, frames[keys], values[keys, channel], slopes[keys, channel])
        after += len(keys) * len(fcurves)
    return before, after


def _distance_of(path: str, tolerance: Tolerance) -> tuple[Distance, float] | None:
    match path.rpartition(".")[2]:
        case "rotation_quaternion":
            return degrees_apart, tolerance.degrees
        case "rotation_euler":
            return _largest_degrees, tolerance.degrees
        case "location":
            return _apart, tolerance.meters
    return None


def _keys_of(fcurves: Iterable[bpy.types.FCurve]) -> tuple[np.ndarray, np.ndarray]:
    """Frames [N] and values [N, C] of curves that are keyed on the same frames; none where they are not."""
    keys = []
    for fcurve in fcurves:
        points = np.empty(2 * len(fcurve.keyframe_points), np.float32)
        fcurve.keyframe_points.foreach_get("co", points)
        keys.append(points.reshape(-1, 2).astype(float))
    if any(len(channel) != len(keys[0]) or (channel[:, 0] != keys[0][:, 0]).any() for channel in keys):
        return np.zeros(0), np.zeros((0, len(keys)))
    return keys[0][:, 0], np.stack([channel[:, 1] for channel in keys], 1)


def _write(fcurve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray, slopes: np.ndarray) -> None:
    """Bezier keys with handles a third of the way to their neighbors."""
    points = fcurve.keyframe_points
    points.clear()
    points.add(len(frames))
    gaps = np.diff(frames) / 3
    reach_left, reach_right = np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:])
    left = np.stack([frames - reach_left, values - slopes * reach_left], 1)
    right = np.stack([frames + reach_right, values + slopes * reach_right], 1)
    for name, array in (("co", np.stack([frames, values], 1)), ("handle_left", left), ("handle_right", right)):
        points.foreach_set(name, array.astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), BEZIER, np.uint8))
    for side in ("handle_left_type", "handle_right_type"):
        points.foreach_set(side, np.full(len(frames), ALIGNED, np.uint8))
