"""The hinges of a hand."""

import numpy as np
import pytest

from tar_core.hands.skeleton import DIGITS, HIGHEST, IS_FREE, LOWEST, RELAXED, SIDES
from tar_core.rotations import matrix_to_axis_angle
from tar_core.skeleton import NUM_BODY_JOINTS, NUM_HAND_JOINTS, SMPLH_PARENTS, pose_skeleton
from tests.support.hands import hand_rest_joints, hand_skeleton


@pytest.mark.parametrize("side", SIDES)
def test_joints_are_those_of_the_posed_body(side: str) -> None:
    random = np.random.default_rng(0)
    angles = random.uniform(LOWEST, HIGHEST)[None]
    skeleton = hand_skeleton(side)
    points, _ = skeleton.pose(angles)
    rotations = skeleton.joint_rotations(angles)
    first = NUM_BODY_JOINTS + SIDES.index(side) * NUM_HAND_JOINTS
    poses = np.zeros((1, 52, 3))
    poses[:, first : first + NUM_HAND_JOINTS] = matrix_to_axis_angle(rotations)
    _, joints = pose_skeleton(poses, hand_rest_joints(), SMPLH_PARENTS)
    wrist = joints[0, 20 + SIDES.index(side)]
    index = first  # the index finger is SMPL-H's first one
    np.testing.assert_allclose(points[0, DIGITS.index("index"), :3], joints[0, index : index + 3] - wrist, atol=1e-6)
    landmarks = skeleton.landmarks(rotations)
    np.testing.assert_allclose(landmarks[0, 1:].reshape(5, 4, 3), points[0], atol=1e-9)


@pytest.mark.parametrize("side", SIDES)
def test_bending_moves_the_fingertips_to_the_palm(side: str) -> None:
    skeleton = hand_skeleton(side)
    bent = np.zeros((1, 5, 3, 3))
    bent[..., 1] = np.radians(15)
    before, after = skeleton.pose(np.zeros((1, 5, 3, 3)))[0], skeleton.pose(bent)[0]
    # In the T-pose the palms look down.
    assert (after[0, 1:, 3, 1] < before[0, 1:, 3, 1] - 0.01).all()


def test_both_hands_are_mirror_images() -> None:
    angles = np.where(IS_FREE, RELAXED + 0.1, 0)[None]
    left, right = (hand_skeleton(side).pose(angles)[0] for side in SIDES)
    np.testing.assert_allclose(left * [-1, 1, 1], right, atol=0.004)
