"""Gaps in walking, filled with the walk cycle around them.

Capture interpolates between the last pose before a gap and the first one after it. A person who walks behind something
then glides with stiff legs. But people who walk repeat their poses. The angle between the thighs is close to a
sinusoid

    s(t) = a cos(w t - p) + c

before the gap or after it. Its phase continues into the gap, and the poses in the gap are the means of the seen poses
at about the same phase, which change from those before to those after. Left and right are half a cycle apart, so
mirrored poses stand in where less than a cycle was seen.

The first and the last frames of a person who walks into the picture or out of it at its left or right side are filled
in the same way, since half a body is not enough to see a pose.

In gaps, the path and the rotation of the body remain interpolated, at the ends only the path remains as captured. Foot
locking then holds the feet as in any other steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tar_core.filters import true_runs
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import (
    axis_angle_to_quaternion,
    quaternion_between,
    quaternion_product,
    quaternion_to_axis_angle,
    wrap_angle,
)
from tar_core.skeleton import JOINT_NAMES, MIRROR, NUM_JOINTS

MIN_GAP, MAX_GAP = 0.25, 4.0  # seconds; in a shorter gap, the interpolated poses are good
_WHOLE = 0.9  # share of the width of the box that is inside the picture, below which a person is cut off
_MAX_CUT = 0.4  # seconds at the beginning and at the end
_WINDOW = 2.5  # seconds of poses that are used on each side of a gap
_FREQUENCIES = np.arange(0.7, 1.61, 0.02)  # Hz, of cycles of two steps; 0.8 to 1.1 in walking, up to 1.5 in running
_MIN_CYCLES = 0.8  # that are needed on a side
_MIN_SWING = 0.15  # radians; a
# Largest share of the variance of s that the sinusoid does not explain: on a side, and if only one side of a gap is a
# walk.
_MAX_REST, _MAX_REST_ALONE = 0.35, 0.15
_MAX_TURN = np.radians(45)  # of the pelvis from its mean rotation in 90 % of the frames of a side
_MIN_TRAVEL, _MAX_TRAVEL = 0.3, 6.0  # m/s; of the root in the gap
_SHARPNESS = 14.0  # of the weights exp(k (cos d - 1)) of poses whose phase is d away
_MIRRORED = 0.1  # weight of mirrored poses, beside those that were seen
_FADE = 0.2  # seconds in which the poses change from the seen ones to those of the cycle
_HIPS = [JOINT_NAMES.index(f"{side}_hip") for side in ("left", "right")]
_BODY = [joint for joint, name in enumerate(JOINT_NAMES) if not name.endswith("_hand")]


@dataclass(frozen=True)
class _Walk:
    """A walk on one side of a gap.

    Attributes:
        frames: [M] rows of the seen frames.
        rate: change of the phase from frame to frame, radians.
        start: phase in row 0.
        rest: share of the variance that the sinusoid does not explain.
    """

    frames: np.ndarray
    rate: float
    start: float
    rest: float

    def phases(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self.start + self.rate * rows)


def fill_clip_walks(clip: MotionClip) -> MotionClip:
    """Fill the gaps and cut-off ends in the walks of all people of a clip; see `fill_walks`."""
    return replace(clip, people=[fill_walks(person, clip.fps, clip.width) for person in clip.people])


def fill_walks(person: PersonMotion, fps: float, width: float) -> PersonMotion:
    """Fill frames in which a person who walks is not detected, or is cut off at the beginning or the end.

    Args:
        person: the motion, in which gaps, frames of confidence 0, are interpolated.
        fps: frame rate.
        width: of the picture, pixels.
    """
    missing = person.confidence <= 0
    gaps = [
        (first, end, _MAX_REST_ALONE, _BODY[1:])
        for first, end in true_runs(missing, MIN_GAP * fps)
        if end - first <= MAX_GAP * fps
    ]
    ends = [(first, end, _MAX_REST, _BODY) for first, end in cut_ends(person, fps, width)]
    spans = [span for span in gaps + ends if _travels(person, span[0], span[1], fps)]
    if not spans:
        return person
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    captured = axis_angle_to_quaternion(poses)
    swing = poses[:, _HIPS[0], 0] - poses[:, _HIPS[1], 0]
    reach, rows = round(_WINDOW * fps), np.arange(len(person))
    for first, end, max_rest, joints in spans:
        sides = [
            rows[side & ~missing]
            for side in ((rows >= first - reach) & (rows < first), (rows >= end) & (rows < end + reach))
        ]
        before, after = (find_walk(swing, side, fps) if _is_steady(captured[side, 0]) else None for side in sides)
        walks = [walk for walk in (before, after) if walk is not None]
        if len(walks) == 2 or (walks and walks[0].rest < max_rest):
            cycle = _cycle(captured, before, after, first, end, fps)
            poses[first:end, joints] = quaternion_to_axis_angle(cycle)[:, joints]
    return replace(person, poses=poses.reshape(len(person), -1).astype(person.poses.dtype))


def cut_ends(person: PersonMotion, fps: float, width: float) -> list[tuple[int, int]]:
    """The first and the last frames in which the person is cut off at a side of the picture, as ranges of rows.

    Args:
        person: the motion.
        fps: frame rate.
        width: of the picture, pixels.
    """
    left, right = person.boxes[:, 0], person.boxes[:, 2]
    inside = np.minimum(right, width - 1) - np.maximum(left, 0)
    whole = np.flatnonzero(inside >= _WHOLE * (right - left))
    if not len(whole):
        return []
    longest, count = round(_MAX_CUT * fps), len(person)
    ranges = [(0, min(int(whole[0]), longest)), (max(int(whole[-1]) + 1, count - longest), count)]
    return [(first, end) for first, end in ranges if end > first]


def _travels(person: PersonMotion, first: int, end: int, fps: float) -> bool:
    """Whether the root moves as fast as in walking or running from the last frame before a range to the first after."""
    start, stop = max(first - 1, 0), min(end, len(person) - 1)
    distance = np.linalg.norm(person.trans[stop].astype(np.float64) - person.trans[start])
    return bool(_MIN_TRAVEL < distance * fps / max(stop - start, 1) < _MAX_TRAVEL)


def _is_steady(rotations: np.ndarray) -> bool:
    """Whether the pelvis keeps its direction, from its rotations [M, 4]: people who dance or tumble also swing legs."""
    if not len(rotations):
        return False
    mean = (rotations * np.where((rotations @ rotations[0])[:, None] < 0, -1, 1)).mean(0)
    cosines = np.abs(rotations @ (mean / np.linalg.norm(mean)))
    return bool(2 * np.arccos(np.quantile(cosines, 0.1).clip(0, 1)) < _MAX_TURN)


def find_walk(swing: np.ndarray, frames: np.ndarray, fps: float) -> _Walk | None:
    """Fit the sinusoid on one side of a gap.

    Args:
        swing: [N] angle between the thighs, radians.
        frames: [M] rows of the seen frames.
        fps: frame rate.

    Returns:
        The walk; None if the person does not walk, or is not seen for long enough.
    """
    frequencies = _FREQUENCIES[_FREQUENCIES * len(frames) >= _MIN_CYCLES * fps]
    fits = [_sinusoid(swing[frames], frames * frequency / fps) for frequency in frequencies]
    if not fits:
        return None
    best = int(np.argmin([rest for _, _, rest in fits]))
    amplitude, phase, rest = fits[best]
    if amplitude < _MIN_SWING or rest > _MAX_REST:
        return None
    return _Walk(frames, 2 * np.pi * float(frequencies[best]) / fps, -phase, rest)


def _sinusoid(values: np.ndarray, cycles: np.ndarray) -> tuple[float, float, float]:
    """Fit a cos(2 pi cycles - p) + c to values [M]: a, p, and the share of the variance that is not explained."""
    angles = 2 * np.pi * cycles
    columns = np.stack([np.cos(angles), np.sin(angles), np.ones_like(angles)], 1)
    solution = np.linalg.lstsq(columns, values, rcond=None)[0]
    rest = ((columns @ solution - values) ** 2).sum() / max(((values - values.mean()) ** 2).sum(), 1e-9)
    return float(np.hypot(*solution[:2])), float(np.arctan2(solution[1], solution[0])), float(rest)


def _cycle(
    captured: np.ndarray, before: _Walk | None, after: _Walk | None, first: int, end: int, fps: float
) -> np.ndarray:
    """Poses [end - first, 24, 4] of the cycle in a range of frames.

    Args:
        captured: [N, 24, 4] poses; those in the range are not used.
        before, after: walks on both sides, at least one.
        first, end: of the range.
        fps: frame rate.
    """
    around = [row for row in (first - 1, end) if 0 <= row < len(captured)]
    rows = np.array([*range(first, end), *around])
    walks = [walk for walk in (before, after) if walk is not None]
    shares: list[np.ndarray] = [np.ones(len(rows))]
    phases = walks[0].phases(rows)
    if before is not None and after is not None:
        part = (rows - (first - 1)) / (end - first + 1)
        shares = [1 - _smooth_step(part), _smooth_step(part)]
        # The rate changes from one to the other; what the phases then still differ by is distributed.
        phases = phases + (after.rate - before.rate) * part * (rows - (first - 1)) / 2
        phases = phases + shares[1] * wrap_angle(after.phases(rows[-1]) - phases[-1])
    cycle = _mean_poses(captured, walks, phases, shares)
    residuals = quaternion_to_axis_angle(quaternion_between(cycle[end - first :], captured[around]))
    fades = np.stack([1 - _smooth_step(np.abs(rows - row) / (_FADE * fps)) for row in around])
    offsets = np.einsum("en,ejk->njk", fades, residuals)
    return np.asarray(quaternion_product(cycle, axis_angle_to_quaternion(offsets)))[: end - first]


def _mean_poses(
    captured: np.ndarray, walks: Sequence[_Walk], phases: np.ndarray, shares: Sequence[np.ndarray]
) -> np.ndarray:
    """Means [K, 24, 4] of the captured poses at phases [K], with a share [K] of each walk."""
    samples, weights = [], []
    for walk, share in zip(walks, shares, strict=True):
        poses, at = captured[walk.frames], walk.phases(walk.frames)
        # Mirrored, axis-angles (x, y, z) become (x, -y, -z).
        samples += [poses, poses[:, list(MIRROR)] * (1.0, 1.0, -1.0, -1.0)]
        for weight, shift in ((1.0, 0.0), (_MIRRORED, np.pi)):
            weights.append(weight * share[:, None] * np.exp(_SHARPNESS * (np.cos(phases[:, None] - at - shift) - 1)))
    quaternions, factors = np.concatenate(samples), np.concatenate(weights, 1)
    quaternions = quaternions * np.where((quaternions * quaternions[:1]).sum(-1, keepdims=True) < 0, -1, 1)
    mean = np.einsum("km,mjq->kjq", factors, quaternions)
    return np.asarray(mean / np.linalg.norm(mean, axis=-1, keepdims=True))


def _smooth_step(value: np.ndarray) -> np.ndarray:
    """From 0 to 1 with zero slope at both ends."""
    value = np.clip(value, 0, 1)
    return np.asarray(value * value * (3 - 2 * value))
