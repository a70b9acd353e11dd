"""SMPL's joints."""

import numpy as np

from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, MIRROR, NUM_JOINTS, PARENTS, global_rotations


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
