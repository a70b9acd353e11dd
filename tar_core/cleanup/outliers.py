"""Interpolation of outliers: short ranges of frames in which the network confuses left and right or loses a limb.

If a joint jumps from one frame to the next, and back after a moment, this is an error of the network: bodies accelerate
and decelerate gradually, so that even a fast kick also moves in the frames before and after its fastest one. Frames
between two such jumps are interpolated along the shortest rotation from the frame before the first jump to the frame
after the second.
"""

from dataclasses import replace

import numpy as np

from tar_core.motion import PersonMotion
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp_at,
)
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

# Groups of joints that jump together if left and right are confused.
LIMB_PAIRS = [
    [JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right") for part in parts]
    for parts in (("hip", "knee", "ankle"), ("collar", "shoulder", "elbow", "wrist"))
]
MAX_DURATION = 0.25  # seconds of an outlier
_MIN_JUMP = np.radians(35)  # the smallest rotation that is a jump
_JUMP_DURATION = 1 / 30  # seconds; about the interval of processed frames in videos with a higher frame rate
_MIN_ISOLATION = 3.0  # a jump is at least so many times the median rotation around it
_NEIGHBORS = 4  # number of intervals on each side that count for this median
_SINGLE_JOINT = 0.9  # share of a group's jump above which a single joint jumps
_MAX_RESIDUAL = 0.8  # distance left after the jump back, as a fraction of the smaller jump


def fill_outliers(person: PersonMotion, fps: float) -> PersonMotion:
    """Interpolate outliers of joint rotations. All other frames and joints stay exactly as they are.

    Args:
        person: the motion.
        fps: frame rate.
    """
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3)
    rotations = axis_angle_to_matrix(poses.astype(np.float64))
    filled = poses.copy()
    for joints in (*LIMB_PAIRS, *([joint] for joint in range(NUM_JOINTS))):
        for before, after in find_outlier_runs(rotations[:, joints], fps):
            middle = (before + after) // 2
            angles = [float(_angle(rotations[before, [joint]], rotations[middle, [joint]])) for joint in joints]
            if len(joints) > 1 and max(angles) > _SINGLE_JOINT * np.linalg.norm(angles):
                continue  # only one joint jumps, and is treated by itself
            for joint in joints:
                interpolated = _interpolate(filled[before, joint], filled[after, joint], after - before)
                filled[before + 1 : after, joint] = interpolated
                rotations[before + 1 : after, joint] = axis_angle_to_matrix(interpolated)
    return replace(person, poses=filled.reshape(len(person), -1))


def find_outlier_runs(rotations: np.ndarray, fps: float) -> list[tuple[int, int]]:
    """Find the ranges of frames in which a group of joints jumps away and back.

    Args:
        rotations: [N, J, 3, 3] of the joints.
        fps: frame rate.

    Returns:
        For each range the last frame before it and the first frame after it.
    """
    lag = max(1, round(_JUMP_DURATION * fps))  # frames
    if len(rotations) < 2 * lag + 1:
        return []
    angles = _angle(rotations[:-lag], rotations[lag:])  # [N - lag], from each frame to the one a lag later
    jumps = _find_jumps(angles, lag)
    runs: list[tuple[int, int]] = []
    for first in jumps:
        if runs and first < runs[-1][1]:
            continue
        for last in jumps[(jumps >= first + lag) & (jumps <= first + lag + MAX_DURATION * fps)]:
            residual = _angle(rotations[first], rotations[last + lag])
            if residual < _MAX_RESIDUAL * min(angles[first], angles[last]):
                runs.append((int(first), int(last + lag)))
                break
    return runs


def _find_jumps(angles: np.ndarray, lag: int) -> np.ndarray:
    """Find the frames at which a jump starts: the rotation is large, isolated, and the largest within the lag.

    Args:
        angles: [M] rotation from each frame to the one a lag later, radians.
        lag: frames.
    """
    jumps = []
    for frame in np.flatnonzero(angles > _MIN_JUMP):
        around = [
            angles[neighbor]
            for step in range(1, _NEIGHBORS + 1)
            for neighbor in (frame - lag * step, frame + lag * step)
            if 0 <= neighbor < len(angles)
        ]
        # The median ignores the jump back, which is also large.
        typical = float(np.median(around)) if around else 0.0
        near = angles[max(frame - lag + 1, 0) : frame + lag]
        if angles[frame] > _MIN_ISOLATION * typical and angles[frame] == near.max():
            jumps.append(frame)
    return np.array(jumps, int)


def _angle(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Root of the summed squared angles between the rotations of joints [..., J, 3, 3], radians."""
    return np.linalg.norm(matrix_to_axis_angle(start.swapaxes(-1, -2) @ end), axis=(-2, -1))


def _interpolate(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Interpolate between two axis-angles [3] by slerp: [steps - 1, 3], without the two themselves."""
    ends = axis_angle_to_quaternion(np.stack([start, end]).astype(np.float64))
    return np.asarray(quaternion_to_axis_angle(slerp_at(np.arange(1, steps) / steps, np.array([0.0, 1.0]), ends)))
