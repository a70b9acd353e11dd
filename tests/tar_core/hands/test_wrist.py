"""Forearm and wrist that agree with the palm."""

import numpy as np
import pytest

from benchmarks.rotation_errors import degrees_between
from tar_core.body.wrists import MAX_FLEXION, ForearmAxes
from tar_core.hands.skeleton import SIDES
from tar_core.hands.wrist import SeenPalms, palm_errors, turn_wrist
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, global_rotations, pose_skeleton
from tests.support.hands import hand_rest_joints

FPS, COUNT = 30.0, 60
SEEN = np.arange(20, 41, 2)


def joints_of(side: str) -> tuple[int, int]:
    return JOINT_NAMES.index(f"{side}_elbow"), JOINT_NAMES.index(f"{side}_wrist")


def moving_body() -> np.ndarray:
    """[60, 24, 3] a person who slowly moves all joints."""
    random = np.random.default_rng(0)
    start, end = 0.3 * random.normal(size=(2, NUM_JOINTS, 3))
    return start + np.linspace(0, 1, COUNT)[:, None, None] * (end - start)


def wrists(poses: np.ndarray, side: str) -> np.ndarray:
    """Global rotations [60, 3, 3]."""
    return global_rotations(axis_angle_to_matrix(poses))[:, joints_of(side)[1]]


def palms(poses: np.ndarray, side: str, turn: np.ndarray, error: float = 3.0) -> SeenPalms:
    """Palms that are turned from the wrist of a body by an axis-angle in the axes of the hand."""
    return SeenPalms(SEEN, (wrists(poses, side) @ axis_angle_to_matrix(turn))[SEEN], np.full(len(SEEN), error))


@pytest.mark.parametrize("side", SIDES)
def test_the_hand_agrees_with_the_palm_and_no_joint_moves(side: str) -> None:
    poses, rest = moving_body(), hand_rest_joints()
    axes = ForearmAxes.of_body(side, rest)
    turn = 0.6 * axes.along + 0.4 * axes.flexion
    seen = palms(poses, side, turn)
    turned = turn_wrist(poses, SIDES.index(side), axes, seen, FPS)
    assert degrees_between(wrists(turned, side)[SEEN], seen.turns).max() < 2
    body_rest = np.concatenate([rest[:22], rest[:2]])
    joints, before = (pose_skeleton(pose, body_rest)[1][:, :22] for pose in (turned, poses))
    np.testing.assert_allclose(joints, before, atol=1e-9)
    elbow, wrist = joints_of(side)
    others = [joint for joint in range(NUM_JOINTS) if joint not in (elbow, wrist)]
    np.testing.assert_array_equal(turned[:, others], poses[:, others])
    np.testing.assert_array_equal(turned[[0, -1]], poses[[0, -1]])
    steps = degrees_between(wrists(turned, side)[1:], wrists(turned, side)[:-1])
    assert steps.max() < 5  # degrees per frame: it fades, and does not jump
    forearm = matrix_to_axis_angle(axis_angle_to_matrix(poses[30, elbow]).T @ axis_angle_to_matrix(turned[30, elbow]))
    assert 0.2 < forearm @ axes.along < 0.4, "half of the twist"


def test_a_doubtful_palm_counts_less() -> None:
    poses, axes = moving_body(), ForearmAxes.of_body("left", hand_rest_joints())
    turned = [turn_wrist(poses, 0, axes, palms(poses, "left", 0.5 * axes.along, error), FPS) for error in (5.0, 60.0)]
    sure, doubtful = (degrees_between(wrists(pose, "left"), wrists(poses, "left"))[30] for pose in turned)
    assert 0 < doubtful < 0.4 * sure
    assert (np.diff(palm_errors(np.array([0.003, 0.006, 0.006]), np.array([0.9, 0.9, 0.6]))) > 0).all()


def test_a_palm_that_is_turned_over_is_ignored() -> None:
    poses, axes = moving_body(), ForearmAxes.of_body("right", hand_rest_joints())
    seen = palms(poses, "right", np.radians(170) * axes.flexion)
    np.testing.assert_array_equal(turn_wrist(poses, 1, axes, seen, FPS), poses)


def test_a_wrist_bends_no_further_than_wrists_do() -> None:
    poses, axes = moving_body() * 0, ForearmAxes.of_body("left", hand_rest_joints())
    turned = turn_wrist(poses, 0, axes, palms(poses, "left", np.radians(105) * axes.flexion), FPS)
    bend = turned[30, joints_of("left")[1]] @ axes.flexion
    assert 0.5 * MAX_FLEXION < bend <= MAX_FLEXION


def test_a_turned_palm_does_not_flip_the_forearm() -> None:
    """The forearm is twisted one way, the palm the other way round: the difference is taken the short way."""
    axes = ForearmAxes.of_body("left", hand_rest_joints())
    poses = np.zeros((COUNT, NUM_JOINTS, 3))
    elbow, wrist = joints_of("left")
    poses[:, elbow] = np.linspace(-1.6, 1.6, COUNT)[:, None] * axes.along
    turned = turn_wrist(poses, 0, axes, palms(poses, "left", 0.5 * axes.along), FPS)
    for joint in (elbow, wrist):
        steps = degrees_between(*(axis_angle_to_matrix(turned[rows, joint]) for rows in (slice(1, None), slice(-1))))
        assert steps.max() < 6
