"""The choice of key frames: few, at poses that an animator would key, and within a tolerance."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

_SLOPE_REACH = 2  # frames to either side over which a slope is measured, to reduce the noise of single frames
_REST_SPEED = 0.1  # of a point at rest, relative to its fast frames
_FAST = 90  # percentile of a point's speed


def choose_frames(error: Callable[[np.ndarray], np.ndarray], poses: np.ndarray) -> np.ndarray:
    """Choose the key frames of a motion, from coarse to fine.

    If the motion between two keys is outside the tolerance, the worst of its poses becomes a key; if no pose is
    outside, the worst frame (the algorithm of Douglas and Peucker, with poses first).

    Args:
        error: function of the key frames [K] that returns the error of each frame [N], relative to the tolerance.
            Keys have no error. A key changes only the frames as far as the keys next to it.
        poses: [N] whether a frame is a pose that is worth a key; see `key_poses`.

    Returns:
        [K] the key frames, including the first and the last frame.
    """
    keys = np.unique([0, len(poses) - 1])
    while True:
        errors = error(keys)
        chosen = []
        for first, last in pairwise(keys):
            outside = np.flatnonzero(errors[first + 1 : last] > 1) + first + 1
            if len(outside):
                among = outside[poses[outside]] if poses[outside].any() else outside
                chosen.append(among[errors[among].argmax()])
        if not chosen:
            return keys
        keys = np.union1d(keys, chosen)


def key_poses(points: np.ndarray) -> np.ndarray:
    """Find the frames that are worth a key: extremes, where the points together are slowest, and contacts.

    A contact begins or ends where a point comes to rest or leaves it.

    Args:
        points: [P, N, 3] positions of points of the body.

    Returns:
        [N] whether a frame is one of them.
    """
    count = points.shape[1]
    found = np.zeros(count, bool)
    if count < 3 or not len(points):
        return found
    speeds = np.linalg.norm(slopes(points.transpose(1, 0, 2).reshape(count, -1)).reshape(count, -1, 3), axis=2)
    total = speeds.sum(1)
    found[1:-1] = (total[1:-1] <= total[:-2]) & (total[1:-1] < total[2:])
    at_rest = speeds < _REST_SPEED * np.percentile(speeds, _FAST, axis=0)
    begins, ends = at_rest[1:] & ~at_rest[:-1], ~at_rest[1:] & at_rest[:-1]
    found[1:] |= begins.any(1)
    found[:-1] |= ends.any(1)
    return found


def slopes(values: np.ndarray) -> np.ndarray:
    """Return the changes of values [N, C] per frame, [N, C]."""
    before = np.maximum(np.arange(len(values)) - _SLOPE_REACH, 0)
    after = np.minimum(np.arange(len(values)) + _SLOPE_REACH, len(values) - 1)
    return (values[after] - values[before]) / np.maximum(after - before, 1)[:, None]


def hermite_curve(values: np.ndarray, frame_slopes: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Evaluate the cubic Hermite curve through the values and slopes at the keys, on every frame.

    Args:
        values: [N, C] the motion.
        frame_slopes: [N, C] of the motion.
        keys: [K] increasing, from 0 to N - 1.

    Returns:
        [N, C].
    """
    frames = np.arange(len(values))
    segment = np.clip(np.searchsorted(keys, frames, side="right") - 1, 0, max(len(keys) - 2, 0))
    first, last = keys[segment], keys[np.minimum(segment + 1, len(keys) - 1)]
    length = np.maximum(last - first, 1)[:, None]
    t = (frames - first)[:, None] / length
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * values[first]
        + (t**3 - 2 * t**2 + t) * length * frame_slopes[first]
        + (3 * t**2 - 2 * t**3) * values[last]
        + (t**3 - t**2) * length * frame_slopes[last]
    )
