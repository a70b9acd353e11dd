"""Smoothing of captured motion that preserves sudden movements such as hits and stops.

The Savitzky-Golay filter (1964) fits a parabola to the frames around each frame by least squares, and takes its value
at that frame. Constant acceleration passes unchanged; jitter is removed. For rotations, the parabola is fitted in the
tangent space at the frame's own rotation, to the logarithms of the differences from its neighbors.

- Outliers are interpolated first (outliers.py), since they would bend the parabolas.
- Frames are weighted by their expected error, so that the surrounding frames determine an occluded limb or a frame in
  which the person is not detected.
- Deviations from the parabola that are larger than jitter throughout a window are real motion. The faster a limb moves,
  the less it is smoothed (a local Wiener filter; Lee, 1980).
- The translation jitters mainly along the line of sight, where a single camera is least precise. Across it, errors are
  about a millimeter and little is smoothed.
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

MAX_WINDOW = 0.6  # seconds; size of the window at full strength
# Jitter at full strength: of rotations, radians; of the translation along and across the line of sight, meters.
ROTATION_JITTER, DEPTH_JITTER, IMAGE_JITTER = np.radians(1.0), 0.02, 0.003
_HIGH_ERROR = 2.0  # as a multiple of the median error; frames with a larger error are smoothed completely
_MIN_CONFIDENCE = 0.1  # smaller confidences are raised to this value
_MIN_ERROR = 1e-3  # smaller errors are raised to this value
# The joint whose position error measures the error of each joint's rotation: its first child, or itself if it has none.
_MEASURED_BY = [PARENTS.index(joint) if joint in PARENTS else joint for joint in range(NUM_JOINTS)]


def smooth_clip(clip: MotionClip, strength: float) -> MotionClip:
    """Smooth the motion of all people in a clip; see `smooth_person`."""
    people = [smooth_person(person, clip.fps, strength, clip.camera_positions(person.frames)) for person in clip.people]
    return replace(clip, people=people)


def smooth_person(person: PersonMotion, fps: float, strength: float, camera: np.ndarray | None = None) -> PersonMotion:
    """Smooth the poses and the translation of one person.

    Args:
        person: the motion.
        fps: frame rate.
        strength: 0 leaves the motion unchanged; 1 fits parabolas to 0.6 seconds.
        camera: [N, 3] position of the camera, meters; None for a camera at the origin.

    Raises:
        TarError: the strength is outside 0..1.
    """
    check_strength(strength)
    if strength > 0:
        person = fill_outliers(person, fps)
    window = smoothing_window(strength * MAX_WINDOW * fps, len(person))
    if window < MIN_WINDOW:
        return person
    rotations = axis_angle_to_matrix(person.poses.reshape(len(person), -1, 3).astype(np.float64))
    errors = expected_errors(person)
    poses = matrix_to_axis_angle(smooth_rotations(rotations, window, errors, strength * ROTATION_JITTER))
    trans = person.trans.astype(np.float64)
    offset = smooth_points(trans, window, errors[:, :1]) - trans
    sight = trans if camera is None else trans - camera
    sight = sight / np.linalg.norm(sight, axis=1, keepdims=True).clip(1e-9)
    along = (offset * sight).sum(1, keepdims=True) * sight
    for part, jitter in ((along, DEPTH_JITTER), (offset - along, IMAGE_JITTER)):
        trans = trans + _jitter_ratio(part[:, None], window, errors[:, :1], strength * jitter) * part
    return replace(person, poses=poses.reshape(len(person), -1), trans=trans)


def expected_errors(person: PersonMotion) -> np.ndarray:
    """Expected error of each joint's rotation, [N, 24].

    It is the position error of the joint's child, divided by the confidence of the frame. Only the ratios between
    frames are meaningful. Position errors are relative to the pelvis, so the pelvis gets the mean of the other joints.
    """
    errors = person.joint_errors.astype(np.float64)
    if not errors.any():
        errors = np.ones_like(errors)
    rotation_errors = errors[:, _MEASURED_BY]
    rotation_errors[:, 0] = errors[:, 1:].mean(1)
    return np.maximum(rotation_errors, _MIN_ERROR) / np.clip(person.confidence, _MIN_CONFIDENCE, 1)[:, None]


def check_strength(strength: float, name: str = "smoothing") -> None:
    """Check that the strength of a step is in 0..1.

    Raises:
        TarError: it is not.
    """
    if not 0 <= strength <= 1:
        raise TarError(f"the strength of {name} is {strength:g}; give a number from 0 to 1")


def smooth_rotations(
    rotations: np.ndarray, window: int, errors: np.ndarray | None = None, jitter: float = np.inf
) -> np.ndarray:
    """Smooth rotations R_t: R_t exp(sum_k w_k log(R_t^T R_k)), with the parabola's weights w_k of the frames k.

    Args:
        rotations: [N, J, 3, 3].
        window: number of frames in a window.
        errors: [N, J] expected standard errors; None for equal errors.
        jitter: radians; deviations from the parabola up to this size are removed completely.

    Returns:
        [N, J, 3, 3].
    """
    errors = np.ones(rotations.shape[:2]) if errors is None else errors
    first, weights = parabola_weights(len(rotations), window, errors)
    offset = np.zeros((*rotations.shape[:-2], 3))
    quaternions = matrix_to_quaternion(rotations)  # three times as fast as differences of matrices
    for k in range(window):
        difference = quaternion_between(quaternions, quaternions[first + k])
        offset += weights[:, k, :, None] * quaternion_to_axis_angle(difference)
    return rotations @ axis_angle_to_matrix(_jitter_ratio(offset, window, errors, jitter)[..., None] * offset)


def _jitter_ratio(offset: np.ndarray, window: int, errors: np.ndarray, jitter: float) -> np.ndarray:
    """The ratio of the offsets to the parabolas that is jitter.

    The ratio is 1 if the mean square of the offsets in the window is at most the variance of the jitter; otherwise it
    is the jitter's share of that mean square. It is 1 in frames with a high expected error, whose offsets are no
    motion.

    Args:
        offset: [N, J, C].
        window: number of frames in a window.
        errors: [N, J] expected standard errors.
        jitter: standard deviation of the jitter.

    Returns:
        [N, J] in 0..1.
    """
    if not np.isfinite(jitter):
        return np.ones(offset.shape[:2])
    squares = (offset**2).sum(-1)
    first = window_starts(len(offset), window)
    power = np.mean([squares[first + k] for k in range(window)], axis=0)
    ratio = np.minimum(1, jitter**2 / np.maximum(power, 1e-24))
    return np.where(errors > _HIGH_ERROR * np.median(errors, axis=0), 1, ratio)
