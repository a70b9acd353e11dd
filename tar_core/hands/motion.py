"""Rotations of fingers, wrists and forearms of a person over a clip, from the looks at both hands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.body.hand_poses import hand_pose
from tar_core.body.wrists import ForearmAxes
from tar_core.hands.fit import fit_hand
from tar_core.hands.skeleton import IS_FREE, SIDES, HandSkeleton
from tar_core.hands.tracker import SeenHand
from tar_core.hands.wrist import SeenPalms, palm_errors, turn_wrist
from tar_core.people.looks import values_over_time
from tar_core.rotations import axis_angle_to_quaternion, matrix_to_axis_angle, quaternion_to_axis_angle, slerp
from tar_core.skeleton import NUM_HAND_JOINTS

MAX_ERROR = 0.02  # meters, of the landmarks of a hand that is believed


@dataclass(frozen=True)
class HandMotion:
    """The hands of a person in N frames.

    Attributes:
        poses: [N, 90] axis-angle rotations of the joints in HAND_JOINT_NAMES.
        confidence: [N, 2] of the left and of the right hand, 0 to 1; 0 where a hand is not seen and relaxed.
        body_poses: [N, 24, 3] axis-angle rotations of the body, with elbows and wrists that agree with the palms.
    """

    poses: np.ndarray
    confidence: np.ndarray
    body_poses: np.ndarray


def hand_motion(
    looks: Sequence[Sequence[SeenHand]],
    frames: np.ndarray,
    body_poses: np.ndarray,
    rest_joints: np.ndarray,
    fps: float,
) -> HandMotion:
    """Compute the hands of a person.

    Args:
        looks: for the left and the right hand, in the order of their frames.
        frames: [N] consecutive frame numbers.
        body_poses: [N, 24, 3] axis-angle rotations of the body in the camera, from the body network.
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
        views = np.array([look.view for look in seen], float)
        fitted = fit_hand(skeleton, joints, angles)
        believed = fitted.error < MAX_ERROR
        if not believed.any():
            continue
        presence = np.array([look.presence for look in seen])[believed]
        errors = palm_errors(fitted.error[believed], presence)
        palms = SeenPalms(rows[believed], (views @ fitted.palm)[believed], errors)
        body_poses = turn_wrist(body_poses, side, ForearmAxes.of_body(name, rest_joints), palms, fps)
        seen_angles = fitted.angles[believed].reshape(believed.sum(), -1)
        angles, weight = values_over_time(seen_angles, presence, rows[believed], len(frames), fps)
        captured = matrix_to_axis_angle(skeleton.joint_rotations(angles.reshape(-1, *IS_FREE.shape)))
        poses[:, side] = _blend(relaxed[side], captured, weight)
        confidence[:, side] = weight
    return HandMotion(poses.reshape(len(frames), -1), confidence, body_poses)


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
