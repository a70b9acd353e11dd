"""Fingers over time."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.hand_poses import hand_pose
from tar_core.hands.joints import HandInSpace
from tar_core.hands.motion import hand_motion
from tar_core.hands.skeleton import HIGHEST, RELAXED, SIDES
from tar_core.hands.tracker import SeenHand
from tar_core.rotations import axis_angle_to_matrix
from tests.support.hands import hand_rest_joints, hand_skeleton

FPS = 30.0
T_POSE = np.zeros((60, 24, 3))
FIST = np.where(np.arange(3) == 1, 0.8 * HIGHEST, RELAXED)


def look(side: str, frame: int, angles: np.ndarray) -> SeenHand:
    """What is seen of a hand in the T-pose."""
    skeleton = hand_skeleton(side)
    joints = skeleton.landmarks(skeleton.joint_rotations(angles[None]))[0]
    return SeenHand(frame, HandInSpace(joints, angles), 0.9, np.eye(3))


def relaxed_hands() -> np.ndarray:
    return hand_pose("relaxed", hand_rest_joints()).reshape(90)


def degrees_between(poses: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mean angles [N] between the joints of hands [N, ...]."""
    a, b = (axis_angle_to_matrix(values.reshape(len(values), -1, 3)) for values in (poses, others))
    cosine = (np.einsum("...ij,...ij->...", a, b) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean(1)


def test_hands_that_are_not_seen_are_relaxed() -> None:
    motion = hand_motion(([], []), np.arange(60), T_POSE, hand_rest_joints(), FPS)
    np.testing.assert_allclose(motion.poses, np.broadcast_to(relaxed_hands(), (60, 90)))
    assert (motion.confidence == 0).all()


@pytest.mark.parametrize("side", SIDES)
def test_a_seen_hand_is_captured_and_fades_to_relaxed(side: str) -> None:
    own = slice(45 * SIDES.index(side), 45 * SIDES.index(side) + 45)
    looks = tuple([look(side, frame, FIST) for frame in range(10, 31, 2)] if name == side else [] for name in SIDES)
    motion = hand_motion(looks, np.arange(60), T_POSE, hand_rest_joints(), FPS)
    skeleton = hand_skeleton(side)
    fist = skeleton.joint_rotations(FIST[None])
    captured = axis_angle_to_matrix(motion.poses[10:31, own].reshape(-1, 15, 3))
    angles = np.degrees(np.arccos(np.clip((np.einsum("njab,kjab->nj", captured, fist) - 1) / 2, -1, 1)))
    assert angles.mean() < 8
    seen = motion.confidence[:, SIDES.index(side)]
    assert (seen[10:31] > 0.8).all() and (seen[45:] == 0).all()
    assert (motion.confidence[:, 1 - SIDES.index(side)] == 0).all()
    np.testing.assert_allclose(motion.poses[45:, own], np.broadcast_to(relaxed_hands()[own], (15, 45)))
    steps = degrees_between(motion.poses[1:, own], motion.poses[:-1, own])
    assert steps.max() < 15  # degrees per frame: it fades, and does not jump


def test_noise_is_smoothed_and_a_quick_grip_is_kept() -> None:
    random = np.random.default_rng(0)
    closing = [RELAXED if frame < 30 else FIST for frame in range(60)]
    looks = [look("left", frame, angles) for frame, angles in enumerate(closing)]
    noisy = [
        replace(seen, hand=replace(seen.hand, joints=seen.hand.joints + random.normal(size=(21, 3)) * 0.003))
        for seen in looks
    ]
    clean, ours = (
        hand_motion((seen, []), np.arange(60), T_POSE, hand_rest_joints(), FPS).poses[:, :45] for seen in (looks, noisy)
    )
    assert degrees_between(ours, clean).mean() < 4
    grip = degrees_between(ours, np.repeat(ours[-5:].mean(0)[None], 60, 0))
    assert grip[24] > 0.85 * grip[5] and grip[36] < 0.15 * grip[5]  # within 0.4 s


def test_landmarks_of_no_hand_are_ignored() -> None:
    random = np.random.default_rng(0)
    looks = [SeenHand(frame, HandInSpace(random.normal(size=(21, 3)), RELAXED), 0.9, np.eye(3)) for frame in range(60)]
    motion = hand_motion((looks, []), np.arange(60), T_POSE, hand_rest_joints(), FPS)
    assert (motion.confidence == 0).all()
