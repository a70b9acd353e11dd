"""People who are taken for people facing the other way are turned around; those who really turn are not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tar_core.body.shape import rest_joints
from tar_core.cleanup.facing import correct_clip_facing, correct_facing, mirrored_in_depth
from tar_core.motion import PersonMotion
from tar_core.skeleton import JOINT_NAMES, MIRROR, pose_skeleton
from tests.support.standing import BODY, FPS, clip_of, standing_motion

COUNT = 90
CAMERA = np.zeros((COUNT, 3))


def person(turns: np.ndarray | float = 25.0) -> PersonMotion:
    """A person who raises an arm and bends a knee, turned about the vertical by some degrees in each frame."""
    motion = standing_motion(COUNT)
    poses = motion.poses.reshape(COUNT, 24, 3).astype(float)
    poses[:, JOINT_NAMES.index("left_elbow"), 1] = -1.2
    poses[:, JOINT_NAMES.index("right_hip"), 0] = -0.6
    poses[:, JOINT_NAMES.index("right_knee"), 0] = 0.8
    yaw = Rotation.from_euler("y", np.broadcast_to(turns, COUNT)[:, None], degrees=True)
    poses[:, 0] = (yaw * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    errors = np.tile(np.linspace(0.05, 0.2, 24), (COUNT, 1))
    return replace(motion, poses=poses.reshape(COUNT, 72), joint_errors=errors)


def joints_of(motion: PersonMotion) -> np.ndarray:
    poses = motion.poses.reshape(len(motion), 24, 3).astype(float)
    return pose_skeleton(poses, rest_joints(BODY, motion.betas.astype(float)))[1] + motion.trans[:, None]


def with_wrong_frames(motion: PersonMotion, first: int, end: int) -> PersonMotion:
    mirrored, poses, errors = mirrored_in_depth(motion, BODY, CAMERA), motion.poses.copy(), motion.joint_errors.copy()
    poses[first:end], errors[first:end] = mirrored.poses[first:end], mirrored.joint_errors[first:end]
    return replace(motion, poses=poses, joint_errors=errors)


def test_the_mirrored_body_covers_the_same_pixels_and_faces_the_other_way() -> None:
    captured = person()
    mirrored = mirrored_in_depth(captured, BODY, CAMERA)
    before, after = joints_of(captured), joints_of(mirrored)[:, list(MIRROR)]
    sight = before[:, :1] / np.linalg.norm(before[:, :1], axis=-1, keepdims=True)
    along_before, along_after = (((j - j[:, :1]) * sight).sum(-1, keepdims=True) for j in (before, after))
    np.testing.assert_allclose(along_after, -along_before, atol=2e-3)
    np.testing.assert_allclose(after - along_after * sight, before - along_before * sight, atol=2e-3)
    again = mirrored_in_depth(mirrored, BODY, CAMERA)
    np.testing.assert_allclose(joints_of(again), joints_of(captured), atol=1e-4)


@pytest.mark.parametrize(("first", "end"), [(30, 40), (30, 65), (0, 15), (75, COUNT)])
def test_wrong_frames_are_turned_around(first: int, end: int) -> None:
    true = person()
    wrong = with_wrong_frames(true, first, end)
    turned = correct_clip_facing(clip_of(wrong), BODY).people[0]
    np.testing.assert_allclose(joints_of(turned), joints_of(true), atol=1e-4)
    np.testing.assert_allclose(turned.joint_errors, true.joint_errors)
    assert np.linalg.norm(joints_of(wrong) - joints_of(true), axis=-1).max() > 0.3


def test_hands_change_sides_with_the_arms() -> None:
    random = np.random.default_rng(0)
    hands, confidence = random.normal(size=(COUNT, 90)), np.tile([0.2, 0.9], (COUNT, 1))
    wrong = replace(with_wrong_frames(person(), 30, 40), hand_poses=hands, hand_confidence=confidence)
    turned = correct_facing(wrong, BODY, FPS, CAMERA)
    np.testing.assert_allclose(turned.hand_poses[35, :45].reshape(15, 3), hands[35, 45:].reshape(15, 3) * [1, -1, -1])
    np.testing.assert_allclose(turned.hand_confidence[35], [0.9, 0.2])
    np.testing.assert_allclose(turned.hand_poses[50], hands[50])


@pytest.mark.parametrize("degrees_per_second", [0, 90, 360, 720])
def test_people_who_turn_are_unchanged(degrees_per_second: float) -> None:
    turning = person(degrees_per_second * np.arange(COUNT) / FPS)
    assert correct_facing(turning, BODY, FPS, CAMERA) is turning
