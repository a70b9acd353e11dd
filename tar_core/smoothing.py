"""Smoothing of captured motion that keeps hits and stops: parabolas through short stretches, on the rotation group.

Savitzky and Golay's filter (1964) lays a least-squares parabola through the frames around each one and takes its
value there, so that steady acceleration passes unchanged and only jitter goes. Rotations have no parabolas; they are
laid in the tangent space at each frame's own rotation, through the logarithms of the neighbours' differences from it.
"""

from dataclasses import replace

import numpy as np

from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle

# Length of the stretch at full strength, seconds.
LONGEST = 0.6


def smooth_clip(clip: MotionClip, strength: float) -> MotionClip:
    """Everybody's motion smoothed; see `smooth_person`."""
    return replace(clip, people=[smooth_person(person, clip.fps, strength) for person in clip.people])


def smooth_person(person: PersonMotion, fps: float, strength: float) -> PersonMotion:
    """One person's poses and translation smoothed.

    Args:
        fps: frames a second of the motion.
        strength: 0 leaves the motion as it is, 1 lays parabolas through 0.6 seconds.

    Raises:
        TarError: a strength outside 0..1.
    """
    check_strength(strength)
    window = min(2 * round(strength * LONGEST * fps / 2) + 1, len(person) - (len(person) + 1) % 2)
    if window < 5:  # a parabola through three frames is the frames themselves
        return person
    rotations = axis_angle_to_matrix(person.poses.reshape(len(person), -1, 3).astype(np.float64))
    return replace(
        person,
        poses=matrix_to_axis_angle(smooth_rotations(rotations, window)).reshape(len(person), -1),
        trans=smooth_points(person.trans.astype(np.float64), window),
    )


def check_strength(strength: float) -> None:
    """Raises TarError for a strength outside 0..1."""
    if not 0 <= strength <= 1:
        raise TarError(f"the smoothing is {strength:g}; give a number from 0 to 1")


def smooth_points(points: np.ndarray, window: int) -> np.ndarray:
    """[N, C] -> [N, C]: each frame's value on the parabola through the `window` frames around it; odd, N at most."""
    first, weights = _windows(len(points), window)
    return np.sum([weights[:, k, None] * points[first + k] for k in range(window)], axis=0)


def smooth_rotations(rotations: np.ndarray, window: int) -> np.ndarray:
    """[N, J, 3, 3] -> [N, J, 3, 3]: R exp(sum_k w_k log(R^T R_k)) with the parabola's weights w_k."""
    first, weights = _windows(len(rotations), window)
    turn = np.zeros((*rotations.shape[:-2], 3))
    for k in range(window):
        difference = rotations.swapaxes(-1, -2) @ rotations[first + k]
        turn += weights[:, k, None, None] * matrix_to_axis_angle(difference)
    return rotations @ axis_angle_to_matrix(turn)


def _windows(count: int, window: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `count` frames its window's first frame [N] and the weights [N, window] of the window's frames.

    Near the ends the window stays inside, and the parabola is read off the middle.
    """
    first = np.clip(np.arange(count) - window // 2, 0, count - window)
    powers = (np.arange(window)[:, None] - window // 2) ** np.arange(3.0)
    hat_matrix = powers @ np.linalg.pinv(powers)
    return first, hat_matrix[np.arange(count) - first]
