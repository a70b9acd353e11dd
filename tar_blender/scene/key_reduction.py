"""Reduce the keys of a motion that is keyed on every frame, within a tolerance.

Between two keys, each channel is a cubic with the slopes of the original motion at its ends. Blender's Bezier curves
are such cubics if their handles extend over a third of the distance between the keys. If the worst frame between two
keys deviates by more than the tolerance, it becomes a key too (the Douglas-Peucker algorithm, with cubics instead of
lines). The channels of a rotation or location are keyed on the same frames.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from .fcurves import ALIGNED, BEZIER, curves_of

_SLOPE_REACH = 2  # frames to either side over which a slope is measured, to reduce the noise of single frames

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Tolerance:
    """The largest deviation of any frame: of rotations in degrees, of locations in meters."""

    degrees: float = 1.0
    meters: float = 0.005


def choose_keys(values: np.ndarray, distance: Distance, tolerance: float) -> np.ndarray:
    """Choose the keys of a motion.

    Args:
        values: [N, C] the motion on every frame.
        distance: function of two arrays [n, C] that returns their distances [n].
        tolerance: the largest distance of a frame from the curve through the keys.

    Returns:
        [K] indices of the keys, including the first and the last frame.
    """
    frame_slopes = slopes(values)
    keys, waiting = {0, len(values) - 1}, [(0, len(values) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        between = np.arange(first + 1, last)
        deviation = distance(hermite_curve(values, frame_slopes, first, last, between), values[between])
        if deviation.max() > tolerance:
            worst = int(between[deviation.argmax()])
            keys.add(worst)
            waiting += [(first, worst), (worst, last)]
    return np.array(sorted(keys))


def slopes(values: np.ndarray) -> np.ndarray:
    """Return the changes of values [N, C] per frame, [N, C]."""
    before = np.maximum(np.arange(len(values)) - _SLOPE_REACH, 0)
    after = np.minimum(np.arange(len(values)) + _SLOPE_REACH, len(values) - 1)
    return (values[after] - values[before]) / np.maximum(after - before, 1)[:, None]


def hermite_curve(
    values: np.ndarray, frame_slopes: np.ndarray, first: int, last: int, frames: np.ndarray
) -> np.ndarray:
    """Evaluate the cubic Hermite curve between the keys `first` and `last` on frames [n], giving [n, C]."""
    length = last - first
    t = ((frames - first) / length)[:, None]
    start, end = values[first], values[last]
    leave, arrive = length * frame_slopes[first], length * frame_slopes[last]
    return (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * leave
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * arrive
    )


def degrees_apart(quaternions: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the angles [n] between rotations [n, 4], quaternions of any length."""
    cosine = np.abs((quaternions * others).sum(1))
    lengths = np.linalg.norm(quaternions, axis=1) * np.linalg.norm(others, axis=1)
    return np.degrees(2 * np.arccos(np.clip(cosine / np.maximum(lengths, 1e-12), 0, 1)))


def _largest_degrees(angles: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.degrees(np.abs(angles - others).max(1))


def _distances(locations: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.linalg.norm(locations - others, axis=1)


def reduce_keys(obj: bpy.types.Object, tolerance: Tolerance) -> tuple[int, int]:
    """Remove keys from an object's action.

    Only curves of rotations and locations that are keyed on every frame are changed.

    Returns:
        The number of keys before and after.
    """
    by_path: dict[str, list[bpy.types.FCurve]] = {}
    for fcurve in curves_of(obj):
        by_path.setdefault(fcurve.data_path, []).append(fcurve)
    before, after = 0, 0
    for path, fcurves in by_path.items():
        criterion = _criterion(path, tolerance)
        frames, values = _keys_of(fcurves)
        count = sum(len(fcurve.keyframe_points) for fcurve in fcurves)
        before += count
        if criterion is None or len(frames) < 3 or (np.abs(np.diff(frames) - 1) > 1e-3).any():
            after += count
            continue
        keys = choose_keys(values, *criterion)
        frame_slopes = slopes(values)
        for channel, fcurve in enumerate(fcurves):
            _write(fcurve, frames[keys], values[keys, channel], frame_slopes[keys, channel])
        after += len(keys) * len(fcurves)
    return before, after


def _criterion(path: str, tolerance: Tolerance) -> tuple[Distance, float] | None:
    """Return the distance and tolerance for a curve's data path; None for curves that are not reduced."""
    match path.rpartition(".")[2]:
        case "rotation_quaternion":
            return degrees_apart, tolerance.degrees
        case "rotation_euler":
            return _largest_degrees, tolerance.degrees
        case "location":
            return _distances, tolerance.meters
    return None


def _keys_of(fcurves: Iterable[bpy.types.FCurve]) -> tuple[np.ndarray, np.ndarray]:
    """Return frames [N] and values [N, C] of curves with keys on the same frames; empty arrays if they differ."""
    keys = []
    for fcurve in fcurves:
        points = np.empty(2 * len(fcurve.keyframe_points), np.float32)
        fcurve.keyframe_points.foreach_get("co", points)
        keys.append(points.reshape(-1, 2).astype(float))
    if any(len(channel) != len(keys[0]) or (channel[:, 0] != keys[0][:, 0]).any() for channel in keys):
        return np.zeros(0), np.zeros((0, len(keys)))
    return keys[0][:, 0], np.stack([channel[:, 1] for channel in keys], 1)


def _write(fcurve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray, key_slopes: np.ndarray) -> None:
    """Write Bezier keys whose handles extend over a third of the distance to the next key."""
    points = fcurve.keyframe_points
    points.clear()
    points.add(len(frames))
    gaps = np.diff(frames) / 3
    reach_left, reach_right = np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:])
    left = np.stack([frames - reach_left, values - key_slopes * reach_left], 1)
    right = np.stack([frames + reach_right, values + key_slopes * reach_right], 1)
    for name, array in (("co", np.stack([frames, values], 1)), ("handle_left", left), ("handle_right", right)):
        points.foreach_set(name, array.astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), BEZIER, np.uint8))
    for side in ("handle_left_type", "handle_right_type"):
        points.foreach_set(side, np.full(len(frames), ALIGNED, np.uint8))
