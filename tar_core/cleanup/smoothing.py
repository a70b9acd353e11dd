"""Smoothing of captured motion: the most likely motion for the expected errors of the network.

A captured rotation R_t of a joint has an expected error sigma_t, and joints seldom accelerate abruptly. The rotations
R'_t minimize

    sum_t |log(R_t^T R'_t)|^2 / sigma_t^2  +  sum_t |w_t - w_(t-1)|^2 / (a / fps^2)^2,    w_t = log(R'_t^T R'_(t+1))

with the angular velocity w_t per frame and a usual angular acceleration a (maximum a posteriori; a smoothing spline).
Frames with a large expected error follow their neighbors: an occluded limb, or a person who is not detected. Cauchy
weights keep sudden movements such as hits and stops, and ignore frames that are far off. The positions of the root are
smoothed in the same way: strongly along the line of sight, where a single camera is least precise, and hardly across
it.

Outliers are interpolated first (outliers.py): they are farther off than an error, and would be taken for hits.

The expected errors are proportional to the strength of the smoothing. Small motion slower than about sqrt(a / sigma_t)
is kept: 10 Hz at the default strength, for a joint whose position is expected to be 0.1 m off.
"""

from dataclasses import replace

import numpy as np

from tar_core.cleanup.banded import cauchy_weights, second_differences, solve_band
from tar_core.cleanup.outliers import fill_outliers
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import (
    axis_angle_to_quaternion,
    quaternion_between,
    quaternion_product,
    quaternion_to_axis_angle,
)
from tar_core.skeleton import NUM_JOINTS, PARENTS

MIN_FRAMES = 5  # shorter motion is left as it is
# At full strength (docs/experiments/2026-11-30-smoothing.md):
ROTATION_ERROR = 1.0  # radians per meter of the expected error of the joint's position
DEPTH_ERROR, IMAGE_ERROR = 0.03, 0.003  # of the root along and across the line of sight, as a fraction of the distance
ANGULAR_ACCELERATION, ACCELERATION = 120.0, 12.0  # usual ones: rad/s^2 of joints, m/s^2 of the root
_STEPS = 4  # Gauss-Newton steps
_TYPICAL_ERROR = 0.1  # meters; of motion without expected errors
_MIN_CONFIDENCE = 0.1  # smaller confidences are raised to this value
_MIN_ERROR = 1e-3  # meters; smaller errors are raised to this value
_MIN_DISTANCE = 0.1  # meters; smaller distances from the camera are raised to this value
# The joint whose position error measures the error of each joint's rotation: its first child, or itself if it has none.
_MEASURED_BY = [PARENTS.index(joint) if joint in PARENTS else joint for joint in range(NUM_JOINTS)]


def smooth_clip(clip: MotionClip, strength: float) -> MotionClip:
    """Smooth the motion of all people in a clip; see `smooth_person`."""
    people = [smooth_person(person, clip.fps, strength, clip.camera_positions(person.frames)) for person in clip.people]
    return replace(clip, people=people)


def smooth_person(person: PersonMotion, fps: float, strength: float, camera: np.ndarray | None = None) -> PersonMotion:
    """Repair outliers, and smooth the poses and the translation of one person.

    Args:
        person: the motion.
        fps: frame rate.
        strength: 0 leaves the motion unchanged; the larger, the smoother.
        camera: [N, 3] position of the camera, meters; None for a camera at the origin.

    Raises:
        TarError: the strength is outside 0..1.
    """
    check_strength(strength)
    if strength == 0:
        return person
    person = fill_outliers(person, fps)
    if len(person) < MIN_FRAMES:
        return person
    errors = expected_errors(person)
    poses = axis_angle_to_quaternion(person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64))
    smooth = smooth_rotations(poses, strength * ROTATION_ERROR * errors, ANGULAR_ACCELERATION / fps**2)
    trans = person.trans.astype(np.float64)
    sight = trans if camera is None else trans - camera
    # The network's expected errors are those of joints relative to the root; frames in which they are large are
    # unreliable for the root, too.
    relative = strength * errors[:, 0] / np.median(errors[:, 0])
    return replace(
        person,
        poses=quaternion_to_axis_angle(smooth).reshape(len(person), -1).astype(person.poses.dtype),
        trans=smooth_positions(trans, sight, relative, ACCELERATION / fps**2).astype(person.trans.dtype),
    )


def expected_errors(person: PersonMotion) -> np.ndarray:
    """Expected errors [N, 24] that measure how uncertain each joint's rotation is, meters.

    It is the position error of the joint's child, divided by the confidence of the frame. Position errors are relative
    to the pelvis, so the pelvis gets the mean of the other joints.
    """
    errors = person.joint_errors.astype(np.float64)
    if not errors.any():
        errors = np.full_like(errors, _TYPICAL_ERROR)
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


def smooth_rotations(quaternions: np.ndarray, errors: np.ndarray, acceleration: float) -> np.ndarray:
    """The most likely rotations of joints (see the module).

    Args:
        quaternions: [N, J, 4] captured rotations.
        errors: [N, J] their expected errors, radians.
        acceleration: a usual change of the angular velocity from frame to frame, radians.

    Returns:
        [N, J, 4].
    """
    smooth = quaternions
    for _ in range(_STEPS):
        offsets = quaternion_to_axis_angle(quaternion_between(quaternions, smooth))
        velocities = quaternion_to_axis_angle(quaternion_between(smooth[:-1], smooth[1:]))
        weights = cauchy_weights(np.linalg.norm(offsets, axis=-1) / errors) / errors**2
        change = _smoothing_step(
            weights[..., None, None] * np.eye(1), offsets, np.diff(velocities, axis=0), acceleration
        )
        smooth = quaternion_product(smooth, axis_angle_to_quaternion(change))
    return np.asarray(smooth)


def smooth_positions(positions: np.ndarray, sight: np.ndarray, errors: np.ndarray, acceleration: float) -> np.ndarray:
    """The most likely positions of the root.

    Args:
        positions: [N, 3] captured positions, meters.
        sight: [N, 3] from the camera to the root.
        errors: [N] factors of the expected errors `DEPTH_ERROR` and `IMAGE_ERROR`.
        acceleration: a usual change of the velocity from frame to frame, meters.

    Returns:
        [N, 3].
    """
    distance = np.linalg.norm(sight, axis=1, keepdims=True).clip(_MIN_DISTANCE)
    direction = sight / distance
    along = direction[:, :, None] * direction[:, None]  # projects onto the line of sight
    projections = np.stack([along, np.eye(3) - along])  # [2, N, 3, 3]
    expected = np.array([DEPTH_ERROR, IMAGE_ERROR])[:, None] * distance[:, 0] * errors
    smooth = positions
    for _ in range(_STEPS):
        offsets = smooth - positions
        sizes = np.linalg.norm(np.einsum("knab,nb->kna", projections, offsets), axis=-1)
        weights = cauchy_weights(sizes / expected) / expected**2
        matrices = np.einsum("kn,knab->nab", weights, projections)
        smooth = smooth + _smoothing_step(matrices, offsets, np.diff(smooth, n=2, axis=0), acceleration)
    return np.asarray(smooth)


def _smoothing_step(
    weights: np.ndarray, offsets: np.ndarray, accelerations: np.ndarray, usual_acceleration: float
) -> np.ndarray:
    """A Gauss-Newton step: the change [N, ..., 3] that minimizes the squared errors and accelerations.

    Args:
        weights: [N, ..., K, K] of the offsets; K is 1 if all coordinates have the same weight, otherwise 3.
        offsets: [N, ..., 3] from the captured to the present values.
        accelerations: [N - 2, ..., 3] second differences of the present values.
        usual_acceleration: their expected size.
    """
    count, size = len(offsets), weights.shape[-1]
    stiffness = cauchy_weights(np.linalg.norm(accelerations, axis=-1) / usual_acceleration) / usual_acceleration**2
    diagonal, first, second = second_differences(stiffness, count)
    pull = stiffness[..., None] * accelerations
    right = -(weights @ offsets.reshape(*weights.shape[:-1], -1)).reshape(offsets.shape)
    for k, factor in enumerate((1.0, -2.0, 1.0)):
        right[k : count - 2 + k] -= factor * pull
    blocks = weights + diagonal[..., None, None] * np.eye(size)
    return solve_band(blocks, first, second, right.reshape(*weights.shape[:-1], -1)).reshape(offsets.shape)
