"""When two views of the same motion start: the delay at which the motion of a person is most alike.

The velocities of the joints relative to their mean are compared. In the camera frames of two static views, they differ
by one rotation. For a delay of d frames, the rotation R that fits best makes

    c(d) = 2 sum_t sum_j (R v_j(t)) . w_j(t + d) / sum_t sum_j (|v_j(t)|^2 + |w_j(t + d)|^2)

as large as possible: 1 for equal motion, about 0 for motion that has nothing in common (Kabsch 1976).
"""

from dataclasses import dataclass

import numpy as np

_STEP = 0.1  # seconds over which velocities are computed; shorter ones are mostly noise
_MIN_OVERLAP = 1.0  # seconds that two motions have in common, at least
_MIN_SHARE = 0.5  # of the shorter motion that lies in the other one, at least


@dataclass(frozen=True)
class Delay:
    """How much later a view starts than another one.

    Attributes:
        frames: the delay, with fractions: frame k of the later view shows the same as frame k + `frames` of the other.
        likeness: c at this delay, -1 to 1.
    """

    frames: float
    likeness: float


def find_delay(first: np.ndarray, second: np.ndarray, fps: float) -> Delay | None:
    """The delay of the second motion.

    Args:
        first: [N, J, 3] joints in the frame of one static camera, meters.
        second: [M, J, 3] the same person's joints in the frame of another one, at the same frame rate.
        fps: frame rate.

    Returns:
        the delay; None if the motions are too short.
    """
    step = max(1, round(_STEP * fps))
    v, w = _velocities(second, step), _velocities(first, step)
    shorter = min(len(v), len(w))
    overlap = max(int(_MIN_OVERLAP * fps), int(_MIN_SHARE * shorter), 1)
    if shorter < overlap:
        return None
    delays = np.arange(overlap - len(v), len(w) - overlap + 1)
    likeness = _likeness(v, w, delays)
    best = int(likeness.argmax())
    return Delay(float(delays[best] + _peak(likeness, best)), float(likeness[best]))


def likeness_at(first: np.ndarray, second: np.ndarray, fps: float) -> float:
    """The likeness of two motions [N, J, 3] of the same frames; -1 if they are too short."""
    step = max(1, round(_STEP * fps))
    if len(first) <= step:
        return -1.0
    return float(_likeness(_velocities(second, step), _velocities(first, step), np.zeros(1, int))[0])


def _velocities(joints: np.ndarray, step: int) -> np.ndarray:
    """Velocities [N - step, J, 3] of joints relative to their mean, meters per `step` frames."""
    relative = joints - joints.mean(1, keepdims=True)
    return np.asarray(relative[step:] - relative[:-step])


def _likeness(v: np.ndarray, w: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """The likeness c(d) of velocities [M, J, 3] and [N, J, 3] for delays [D] of the first ones."""
    size = len(v) + len(w)
    # correlation[d] = sum_t v(t) w(t + d)^T for all delays at once, by the Fourier transform.
    spectra = np.fft.rfft(v, size, axis=0).conj()[..., :, None] * np.fft.rfft(w, size, axis=0)[..., None, :]
    correlation = np.fft.irfft(spectra.sum(1), size, axis=0)[delays % size]
    u, singular, vt = np.linalg.svd(correlation)
    singular[:, 2] *= np.sign(np.linalg.det(u) * np.linalg.det(vt))  # a rotation, not a reflection
    energy = _sums((v**2).sum((1, 2)), -delays, len(w)) + _sums((w**2).sum((1, 2)), delays, len(v))
    return np.asarray(2 * singular.sum(1) / np.maximum(energy, 1e-12))


def _sums(values: np.ndarray, first: np.ndarray, count: int) -> np.ndarray:
    """Sums [D] of the values [N] from frames `first` [D] on, `count` of them, as far as they exist."""
    cumulated = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(cumulated[np.clip(first + count, 0, len(values))] - cumulated[np.clip(first, 0, len(values))])


def _peak(values: np.ndarray, best: int) -> float:
    """Distance from the largest value to the vertex of the parabola through it and its neighbors, in samples."""
    if not 0 < best < len(values) - 1:
        return 0.0
    before, middle, after = values[best - 1 : best + 2]
    curvature = before - 2 * middle + after
    return float(0.5 * (before - after) / curvature) if curvature < 0 else 0.0
