"""Smoothing of captured motion that keeps hits and stops: parabolas through short stretches, on the rotation group.

Savitzky and Golay's filter (1964) lays a least-squares parabola through the frames around each one and takes its
value there, so that steady acceleration passes unchanged and only jitter goes. Rotations have no parabolas; they are
laid in the tangent space at each frame's own rotation, through the logarithms of the neighbors' differences from it.

Joints that are flung away for a few frames are brought back first (tar_core/cleanup/outliers.py): parabolas would bend
towards
them. Frames count by how sure they are: a limb that is lost for a moment, or a person who is not seen, is led by the
frames around. And what lies farther from the parabolas than jitter does, all through a stretch, is motion: the quicker
a limb, the less it is smoothed (a local Wiener filter; Lee, 1980). Places jitter along the line of sight, which one
camera sees worst; across it they are true to a millimeter, and hardly touched.
"""

from dataclasses import replace

import numpy as np

from tar_core.cleanup.outliers import fill_outliers
from tar_core.errors import TarError
from tar_core.filters import MIN_WINDOW, parabola_weights, smooth_points, smoothing_window, window_starts
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    quaternion_between,
    quaternion_to_axis_angle,
)
from tar_core.skeleton import NUM_JOINTS, PARENTS

LONGEST = 0.6  # seconds of the stretch at full strength
# What counts as jitter at full strength: radians of rotations, meters of places along the line of sight and across.
JITTER, DEPTH_JITTER, PLACE_JITTER = np.radians(1.0), 0.02, 0.003
_UNSURE = 2.0  # times the usual expected error
_LEAST_CONFIDENCE = 0.1  # frames below count as little as one with it
# The joint that each one's rotation swings about it: its first child, or itself at the ends.
_SWUNG = [PARENTS.index(joint) if joint in PARENTS else joint for joint in range(NUM_JOINTS)]


def smooth_clip(clip: MotionClip, strength: float) -> MotionClip:
    """Everybody's motion smoothed; see `smooth_person`."""
    people = [smooth_person(person, clip.fps, strength, clip.camera_positions(person.frames)) for person in clip.people]
    return replace(clip, people=people)


def smooth_person(person: PersonMotion, fps: float, strength: float, camera: np.ndarray | None = None) -> PersonMotion:
    """One person's poses and translation smoothed.

    Args:
        fps: frames a second of the motion.
        strength: 0 leaves the motion as it is, 1 lays parabolas through 0.6 seconds.
        camera: [N, 3] where it is in each frame, meters; None if it stays where it was.

    Raises:
        TarError: a strength outside 0..1.
    """
    check_strength(strength)
    if strength > 0:
        person = fill_outliers(person, fps)
    window = smoothing_window(strength * LONGEST * fps, len(person))
    if window < MIN_WINDOW:
        return person
    rotations = axis_angle_to_matrix(person.poses.reshape(len(person), -1, 3).astype(np.float64))
    errors = expected_errors(person)
    poses = matrix_to_axis_angle(smooth_rotations(rotations, window, errors, strength * JITTER))
    trans = person.trans.astype(np.float64)
    away = smooth_points(trans, window, errors[:, :1]) - trans
    sight = trans if camera is None else trans - camera
    sight = sight / np.linalg.norm(sight, axis=1, keepdims=True).clip(1e-9)
    along = (away * sight).sum(1, keepdims=True) * sight
    for part, jitter in ((along, DEPTH_JITTER), (away - along, PLACE_JITTER)):
        trans = trans + _jitter_share(part[:, None], window, errors[:, :1], strength * jitter) * part
    return replace(person, poses=poses.reshape(len(person), -1), trans=trans)


def expected_errors(person: PersonMotion) -> np.ndarray:
    """[N, 24] how unsure each joint's rotation is: the error of the joint that it swings, larger where nobody is seen.

    Only the relation between the frames has a meaning. The pelvis, which the errors are counted from, gets their mean.
    """
    errors = person.joint_errors.astype(np.float64)
    if not errors.any():
        errors = np.ones_like(errors)
    swung = errors[:, _SWUNG]
    swung[:, 0] = errors[:, 1:].mean(1)
    return np.maximum(swung, 1e-3) / np.clip(person.confidence, _LEAST_CONFIDENCE, 1)[:, None]


def check_strength(strength: float, what: str = "smoothing") -> None:
    """Raises TarError for a strength outside 0..1."""
    if not 0 <= strength <= 1:
        raise TarError(f"the {what} is {strength:g}; give a number from 0 to 1")


def smooth_rotations(
    rotations: np.ndarray, window: int, errors: np.ndarray | None = None, jitter: float = np.inf
) -> np.ndarray:
    """[N, J, 3, 3] -> [N, J, 3, 3]: R exp(sum_k w_k log(R^T R_k)) with the parabola's weights w_k.

    Args:
        errors: [N, J] expected standard errors; equal ones if left out.
        jitter: radians from the parabolas up to which all of it is taken away, where errors are ordinary.
    """
    errors = np.ones(rotations.shape[:2]) if errors is None else errors
    first, weights = parabola_weights(len(rotations), window, errors)
    turn = np.zeros((*rotations.shape[:-2], 3))
    quaternions = matrix_to_quaternion(rotations)  # differences cost a third of the matrices'
    for k in range(window):
        difference = quaternion_between(quaternions, quaternions[first + k])
        turn += weights[:, k, :, None] * quaternion_to_axis_angle(difference)
    return rotations @ axis_angle_to_matrix(_jitter_share(turn, window, errors, jitter)[..., None] * turn)


def _jitter_share(away: np.ndarray, window: int, errors: np.ndarray, jitter: float) -> np.ndarray:
    """How much of the ways `away` [N, J, C] to the parabolas is jitter: [N, J] in 0..1.

    All of it while their mean square over the window is below the jitter's; beyond, the jitter's share. Unsure frames
    take all of it: what is far from their neighbors is no motion.
    """
    if not np.isfinite(jitter):
        return np.ones(away.shape[:2])
    squares = (away**2).sum(-1)
    first = window_starts(len(away), window)
    power = np.mean([squares[first + k] for k in range(window)], axis=0)
    share = np.minimum(1, jitter**2 / np.maximum(power, 1e-24))
    return np.where(errors > _UNSURE * np.median(errors, axis=0), 1, share)
