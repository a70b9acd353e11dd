"""Finger rotations of a person over a clip, from the looks at both hands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.body.hand_poses import hand_pose
from tar_core.filters import smooth_points, smoothing_window
from tar_core.hands.fit import fit_hand
from tar_core.hands.skeleton import SIDES, HandSkeleton
from tar_core.hands.tracker import SeenHand
from tar_core.rotations import axis_angle_to_quaternion, matrix_to_axis_angle, quaternion_to_axis_angle, slerp
from tar_core.skeleton import NUM_HAND_JOINTS

MAX_ERROR = 0.02  # meters, of the landmarks of a hand that is believed
MAX_GAP = 0.4  # seconds between two looks that are joined
FADE = 0.3  # seconds from the last look to the relaxed hand
SMOOTHING = 0.2  # seconds of motion that a parabola is fitted to


@dataclass(frozen=True)
class HandMotion:
    """The fingers of a person in N frames.

    Attributes:
        poses: [N, 90] axis-angle rotations of the joints in HAND_JOINT_NAMES.
        confidence: [N, 2] of the left and of the right hand, 0 to 1; 0 where a hand is not seen and relaxed.
    """

    poses: np.ndarray
    confidence: np.ndarray


def hand_motion(
    looks: Sequence[Sequence[SeenHand]], frames: np.ndarray, rest_joints: np.ndarray, fps: float
) -> HandMotion:
    """Compute the fingers of a person.

    Args:
        looks: for the left and the right hand, in the order of their frames.
        frames: [N] consecutive frame numbers.
        rest_joints: [52, 3] joints of the body at rest, in SMPL-H's order.
        fps: frames per second.
    """
    relaxed = hand_pose("relaxed", rest_joints).reshape(2, NUM_HAND_JOINTS, 3)
    poses = np.repeat(relaxed[None], len(frames), 0)
    confidence = np.zeros((len(frames), 2))
    for side, name in enumerate(SIDES):
        seen = [look for look in looks[side] if frames[0] <= look.frame <= frames[-1]]
        if not seen:
            continue
        skeleton = HandSkeleton.of_body(name, rest_joints)
        rows = np.array([look.frame for look in seen]) - frames[0]
        joints, angles = (np.array([getattr(look.hand, part) for look in seen], float) for part in ("joints", "angles"))
        fitted = fit_hand(skeleton, joints, angles)
        believed = fitted.error < MAX_ERROR
        if not believed.any():
            continue
        presence = np.array([look.presence for look in seen])[believed]
        angles, weight = _over_time(fitted.angles[believed], presence, rows[believed], len(frames), fps)
        captured = matrix_to_axis_angle(skeleton.joint_rotations(angles))
        poses[:, side] = _blend(relaxed[side], captured, weight)
        confidence[:, side] = weight
    return HandMotion(poses.reshape(len(frames), -1), confidence)


def _over_time(
    angles: np.ndarray, presence: np.ndarray, rows: np.ndarray, count: int, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate and smooth between looks that are close in time.

    Args:
        angles: [M, 5, 3, 3] at the frames `rows` [M].
        presence: [M] how sure the looks are, 0 to 1.
        count: number of frames N.

    Returns:
        angles: [N, 5, 3, 3], constant beyond the first and the last look of a run.
        weight: [N] confidence, 0 where no look is near.
    """
    known = angles.reshape(len(rows), -1)
    result, weight = np.zeros((count, known.shape[1])), np.zeros(count)
    starts = np.flatnonzero(np.diff(rows, prepend=-count) > MAX_GAP * fps)
    for first, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        own = rows[first:end]
        run = np.arange(own[0], own[-1] + 1)
        values = np.stack([np.interp(run, own, column) for column in known[first:end].T], 1)
        sure = np.interp(run, own, presence[first:end])
        window = smoothing_window(SMOOTHING * fps, len(run))
        values = smooth_points(values, window, (1 / np.maximum(sure, 0.1))[:, None])
        near = np.arange(max(0, own[0] - int(FADE * fps)), min(count, own[-1] + int(FADE * fps) + 1))
        inside = np.clip(near, own[0], own[-1]) - own[0]
        strength = sure[inside] * (1 - np.abs(near - np.clip(near, own[0], own[-1])) / (FADE * fps + 1))
        better = strength > weight[near]
        result[near[better]], weight[near[better]] = values[inside[better]], strength[better]
    return result.reshape(count, *angles.shape[1:]), weight


def _blend(relaxed: np.ndarray, captured: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """From the relaxed to the captured hand.

    Args:
        relaxed: [15, 3] axis-angle.
        captured: [N, 15, 3].
        weight: [N] confidence; hands that are more likely seen than not are used as they are.
    """
    share = np.broadcast_to(np.clip(2 * weight, 0, 1)[:, None], captured.shape[:2])
    start = np.broadcast_to(axis_angle_to_quaternion(relaxed), (*captured.shape[:2], 4))
    return np.asarray(quaternion_to_axis_angle(slerp(start, axis_angle_to_quaternion(captured), share)))
