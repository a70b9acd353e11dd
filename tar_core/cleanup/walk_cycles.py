"""Gaps in walking, filled with the walk cycle around them.

Capture interpolates between the last pose before a gap and the first one after it. A person who walks behind something
then glides with stiff legs. But people who walk repeat their poses. The angle between the thighs is close to a
sinusoid

    s(t) = a cos(w t - p) + c

before the gap or after it. Its phase continues into the gap, and the poses in the gap are the means of the seen poses
at about the same phase, which change from those before to those after. Left and right are half a cycle apart, so
mirrored poses stand in where less than a cycle was seen.

The root and the rotation of the body remain interpolated. Foot locking then holds the feet as in any other steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tar_core.filters import true_runs
from tar_core.motion import PersonMotion
from tar_core.rotations import (
    axis_angle_to_quaternion,
    quaternion_between,
    quaternion_product,
    quaternion_to_axis_angle,
    wrap_angle,
)
from tar_core.skeleton import JOINT_NAMES, MIRROR, NUM_JOINTS

MIN_GAP, MAX_GAP = 0.25, 4.0  # seconds; in a shorter gap, the interpolated poses are good
_WINDOW = 2.5  # seconds of poses that are used on each side of a gap
_FREQUENCIES = np.arange(0.7, 1.61, 0.02)  # Hz, of cycles of two steps; 0.8 to 1.1 in walking, up to 1.5 in running
_MIN_CYCLES = 0.8  # that are needed on a side
_MIN_SWING = 0.15  # radians; a
# Largest share of the variance of s that the sinusoid does not explain: on a side, and if only one side is a walk.
_MAX_REST, _MAX_REST_ALONE = 0.35, 0.15
_MAX_TURN = np.radians(45)  # of the pelvis from its mean rotation in 90 % of the frames of a side
_MIN_TRAVEL, _MAX_TRAVEL = 0.3, 6.0  # m/s; of the root in the gap
_SHARPNESS = 14.0  # of the weights exp(k (cos d - 1)) of poses whose phase is d away
_MIRRORED = 0.1  # weight of mirrored poses, beside those that were seen
_FADE = 0.2  # seconds in which the poses change from the seen ones to those of the cycle
_HIPS = [JOINT_NAMES.index(f"{side}_hip") for side in ("left", "right")]
_FILLED = [joint for joint, name in enumerate(JOINT_NAMES) if joint and not name.endswith("_hand")]


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


def fill_walks(person: PersonMotion, fps: float) -> PersonMotion:
    """Fill the gaps, frames of confidence 0, in which a person who walks is not detected.

    Args:
        person: the motion, in which gaps are interpolated.
        fps: frame rate.
    """
    gaps = [
        (first, end)
        for first, end in true_runs(person.confidence <= 0, MIN_GAP * fps)
        if end - first <= MAX_GAP * fps and first > 0 and end < len(person) and _travels(person, first, end, fps)
    ]
    if not gaps:
        return person
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    seen = axis_angle_to_quaternion(poses)
    swing = poses[:, _HIPS[0], 0] - poses[:, _HIPS[1], 0]
    reach, rows = round(_WINDOW * fps), np.arange(len(person))
    for first, end in gaps:
        sides = [
            rows[span & (person.confidence > 0)]
            for span in ((rows >= first - reach) & (rows < first), (rows >= end) & (rows < end + reach))
        ]
        before, after = (find_walk(swing, side, fps) if _is_steady(seen[side, 0]) else None for side in sides)
        walks = [walk for walk in (before, after) if walk is not None]
        if len(walks) == 2 or (walks and walks[0].rest < _MAX_REST_ALONE):
            cycle = _cycle(seen, before, after, first, end, fps)
            poses[first:end, _FILLED] = quaternion_to_axis_angle(cycle)[:, _FILLED]
    return replace(person, poses=poses.reshape(len(person), -1).astype(person.poses.dtype))


def _travels(person: PersonMotion, first: int, end: int, fps: float) -> bool:
    """Whether the root moves as fast as in walking or running from the last frame before a gap to the first after."""
    distance = np.linalg.norm(person.trans[end].astype(np.float64) - person.trans[first - 1])
    return bool(_MIN_TRAVEL < distance * fps / (end - first + 1) < _MAX_TRAVEL)


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


def _cycle(seen: np.ndarray, before: _Walk | None, after: _Walk | None, first: int, end: int, fps: float) -> np.ndarray:
    """Poses [end - first, 24, 4] of the cycle in a gap.

    Args:
        seen: [N, 24, 4] poses; those in the gap are not used.
        before, after: walks on both sides of the gap, at least one.
        first, end: of the gap.
        fps: frame rate.
    """
    rows = np.arange(first - 1, end + 1)  # with the seen frames at both ends
    part = (rows - rows[0]) / (rows[-1] - rows[0])
    walks, shares = [walk for walk in (before, after) if walk is not None], [np.ones(len(rows))]
    phases = walks[0].phases(rows)
    if before is not None and after is not None:
        shares = [1 - _smooth_step(part), _smooth_step(part)]
        # The rate changes from one to the other; what the phases then still differ by is distributed.
        phases = phases + (after.rate - before.rate) * part * (rows - rows[0]) / 2
        phases = phases + shares[1] * wrap_angle(after.phases(rows[-1]) - phases[-1])
    cycle = _mean_poses(seen, walks, phases, shares)
    residuals = quaternion_to_axis_angle(quaternion_between(cycle[[0, -1]], seen[rows[[0, -1]]]))
    fades = np.stack([1 - _smooth_step(np.abs(rows - row) / (_FADE * fps)) for row in rows[[0, -1]]])
    offsets = np.einsum("en,ejk->njk", fades, residuals)
    return np.asarray(quaternion_product(cycle, axis_angle_to_quaternion(offsets)))[1:-1]


def _mean_poses(
    seen: np.ndarray, walks: Sequence[_Walk], phases: np.ndarray, shares: Sequence[np.ndarray]
) -> np.ndarray:
    """Means [K, 24, 4] of the seen poses at phases [K], with a share [K] of each walk."""
    samples, weights = [], []
    for walk, share in zip(walks, shares, strict=True):
        poses, at = seen[walk.frames], walk.phases(walk.frames)
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
