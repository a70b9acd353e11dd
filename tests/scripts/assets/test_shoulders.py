"""The correction of MakeHuman's shoulders."""

import numpy as np
import pytest

from scripts.assets.shoulders import turn_shoulders_back
from tar_core.body.data import load_body
from tar_core.skeleton import JOINT_NAMES, MIRROR


def test_shoulders_move_back_and_arms_follow_without_rotating():
    body = load_body()
    joints = body.J_regressor @ body.v_template
    joints = 0.5 * (joints + joints[list(MIRROR)] * [-1, 1, 1])
    weights = np.eye(24)[[JOINT_NAMES.index(name) for name in ("left_collar", "right_elbow", "head")]]
    points = np.array([[0.15, 0.2, 0.0], [-0.5, 0.2, 0.0], [0, 0.4, 0]])
    turned, turned_joints = turn_shoulders_back(points, joints, weights)
    moved = turned_joints - joints
    arms = np.array([any(part in name for part in ("shoulder", "elbow", "wrist", "hand")) for name in JOINT_NAMES])
    assert (moved[arms, 2] < -0.015).all() and not moved[~arms].any()
    np.testing.assert_allclose(turned_joints, turned_joints[list(MIRROR)] * [-1, 1, 1], atol=1e-12)
    # The arm moves rigidly, the surface of the collar rotates about the collar joint, and the head does not move.
    np.testing.assert_allclose(turned[1] - points[1], moved[JOINT_NAMES.index("right_shoulder")])
    collar = joints[JOINT_NAMES.index("left_collar")]
    assert np.linalg.norm(turned[0] - collar) == pytest.approx(np.linalg.norm(points[0] - collar))
    assert turned[0, 2] < points[0, 2] - 0.005
    np.testing.assert_array_equal(turned[2], points[2])
    # It is linear in points and joints together.
    twice, _ = turn_shoulders_back(2 * points, 2 * joints, weights)
    np.testing.assert_allclose(twice, 2 * turned)
