from tar_core.skeleton import JOINT_NAMES, MIRROR, NUM_JOINTS, PARENTS


def test_parents_stand_before_their_children():
    assert len(PARENTS) == NUM_JOINTS == 24
    assert all(parent < joint for joint, parent in enumerate(PARENTS))


def test_mirror_swaps_sides_and_keeps_the_tree():
    assert all(MIRROR[MIRROR[j]] == j for j in range(NUM_JOINTS))
    assert JOINT_NAMES[MIRROR[JOINT_NAMES.index("left_wrist")]] == "right_wrist"
    assert all(PARENTS[MIRROR[j]] == MIRROR[PARENTS[j]] for j in range(1, NUM_JOINTS))
