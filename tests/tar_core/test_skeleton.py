"""SMPL's joints."""

import numpy as np
import pytest

from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import (
    JOINT_NAMES,
    MIRROR,
    NUM_BODY_JOINTS,
    NUM_HAND_JOINTS,
    NUM_JOINTS,
    PARENTS,
    SMPLH_JOINT_NAMES,
    SMPLH_PARENTS,
    global_rotations,
)


def test_parents_come_before_their_children():
    assert len(PARENTS) == NUM_JOINTS == 24
    assert all(parent < joint for joint, parent in enumerate(PARENTS))


def test_mirror_swaps_sides_and_keeps_the_hierarchy():
    assert all(MIRROR[MIRROR[j]] == j for j in range(NUM_JOINTS))
    assert JOINT_NAMES[MIRROR[JOINT_NAMES.index("left_wrist")]] == "right_wrist"
    assert all(PARENTS[MIRROR[j]] == MIRROR[PARENTS[j]] for j in range(1, NUM_JOINTS))


def test_global_rotations_accumulate_along_the_chain():
    rotation = axis_angle_to_matrix(np.array([0.0, 0.0, 0.3]))
    rotations = np.tile(np.eye(3), (1, 24, 1, 1))
    rotations[0, 16] = rotation  # the left shoulder
    world = global_rotations(rotations)
    assert PARENTS[18] == 16
    np.testing.assert_allclose(world[0, [16, 18, 20, 22]], np.tile(rotation, (4, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(world[0, 17], np.eye(3), atol=1e-12)


def test_smplh_has_the_joints_of_smplx_in_its_order():
    names = pytest.importorskip("smplx.joint_names").SMPLH_JOINT_NAMES
    assert list(SMPLH_JOINT_NAMES) == names[: NUM_BODY_JOINTS + 2 * NUM_HAND_JOINTS]


def test_fingers_are_chains_of_three_joints_from_the_wrist():
    parents = {name: SMPLH_JOINT_NAMES[parent] for name, parent in zip(SMPLH_JOINT_NAMES, SMPLH_PARENTS, strict=True)}
    assert SMPLH_PARENTS[:NUM_BODY_JOINTS] == PARENTS[:NUM_BODY_JOINTS]
    for side in ("left", "right"):
        assert parents[f"{side}_pinky1"] == f"{side}_wrist"
        assert parents[f"{side}_pinky2"] == f"{side}_pinky1"
        assert parents[f"{side}_pinky3"] == f"{side}_pinky2"
