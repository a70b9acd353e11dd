"""Limb IK moves the ends of limbs, keeps their orientation and the length of bones, and moves nothing else."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.limb_ik import ARMS, LEGS, move_limbs
from tar_core.skeleton import JOINT_NAMES, pose_skeleton

REST = rest_joints(load_body(), np.zeros(10))
FEET = [JOINT_NAMES.index(f"{side}_foot") for side in ("left", "right")]
HANDS = [JOINT_NAMES.index(f"{side}_hand") for side in ("left", "right")]
LIMBS = {"legs": (LEGS, FEET), "arms": (ARMS, HANDS)}
BEND_AXES = {LEGS[0][1]: (1, 0, 0), LEGS[1][1]: (1, 0, 0), ARMS[0][1]: (0, -1, 0), ARMS[1][1]: (0, 1, 0)}


def bent_poses(seed, count=20):
    """Random poses with knees and elbows bent by 50 to 100 degrees."""
    random = np.random.default_rng(seed)
    poses = 0.4 * random.normal(size=(count, 24, 3))
    for joint, axis in BEND_AXES.items():
        poses[:, joint] = random.uniform(0.9, 1.75, count)[:, None] * axis
    return poses


@settings(max_examples=30)
@given(st.sampled_from(sorted(LIMBS)), st.integers(0, 1000), st.floats(0.001, 0.04))
def test_ends_reach_their_targets_and_keep_their_orientation(name, seed, size):
    limbs, tips = LIMBS[name]
    ends = [limb[2] for limb in limbs]
    poses = bent_poses(seed)
    displacements = size * np.random.default_rng(seed + 1).normal(size=(len(poses), 2, 3)) / 3
    moved = move_limbs(poses, REST, limbs, displacements)
    bones, joints = pose_skeleton(poses, REST)
    new_bones, new_joints = pose_skeleton(moved, REST)
    np.testing.assert_allclose(new_joints[:, ends], joints[:, ends] + displacements, atol=1e-6)
    np.testing.assert_allclose(new_bones[:, ends, :3, :3], bones[:, ends, :3, :3], atol=1e-6)
    np.testing.assert_allclose(new_joints[:, tips], joints[:, tips] + displacements, atol=1e-6)
    others = [joint for joint in range(24) if not any(joint in limb for limb in limbs)]
    np.testing.assert_array_equal(moved[:, others], poses[:, others])


def test_no_displacement_changes_nothing():
    poses = bent_poses(0)
    np.testing.assert_array_equal(move_limbs(poses, REST, LEGS, np.zeros((len(poses), 2, 3))), poses)


def test_straight_leg_bends_forward_and_is_not_stretched():
    poses = np.zeros((2, 24, 3))
    displacements = np.zeros((2, 2, 3))
    displacements[0, 0] = [0, 0.05, 0]  # up: the knee has to bend
    displacements[1, 0] = [0, -0.05, 0]  # down: out of reach
    moved = move_limbs(poses, REST, LEGS, displacements)
    _, joints = pose_skeleton(moved, REST)
    _, before = pose_skeleton(poses, REST)
    hip, knee, ankle = LEGS[0]
    np.testing.assert_allclose(joints[0, ankle], before[0, ankle] + displacements[0, 0], atol=1e-6)
    assert joints[0, knee, 2] > before[0, knee, 2] + 0.05  # people face +z
    np.testing.assert_allclose(joints[1, ankle], before[1, ankle], atol=0.01)
    for a, b in ((hip, knee), (knee, ankle)):
        bone = np.linalg.norm(joints[:, a] - joints[:, b], axis=-1)
        np.testing.assert_allclose(bone, np.linalg.norm(REST[a] - REST[b]), atol=1e-9)


def test_knee_moves_smoothly_with_the_ankle():
    """The knee moves without jumps while the ankle moves along a line, from nearly straight to bent."""
    count = 200
    poses = np.zeros((count, 24, 3))
    poses[:, LEGS[0][1], 0] = 0.15
    displacements = np.zeros((count, 2, 3))
    displacements[:, 0, 1] = np.linspace(-0.01, 0.15, count)
    _, joints = pose_skeleton(move_limbs(poses, REST, LEGS, displacements), REST)
    steps = np.linalg.norm(np.diff(joints[:, LEGS[0][1]], axis=0), axis=-1)
    assert steps.max() < 0.015


def test_stiffness_prevents_knee_snapping():
    """With stiffness, the ankle of a nearly straight leg does not reach its target along the leg, but does sideways."""
    poses = np.zeros((3, 24, 3))
    _, knee, ankle = LEGS[0]
    poses[:, knee, 0] = (0.02, 0.15, 1.5)
    displacements = np.zeros((3, 2, 3))
    displacements[:, 0] = [0.005, 0.015, 0]
    _, before = pose_skeleton(poses, REST)
    free = move_limbs(poses, REST, LEGS, displacements)
    stiff = move_limbs(poses, REST, LEGS, displacements, stiffness=0.08)
    flexion = [np.degrees(moved[:, knee, 0] - poses[:, knee, 0]) for moved in (free, stiff)]
    assert flexion[0][1] > 10 and (np.abs(flexion[1]) < 4).all()
    _, after = pose_skeleton(stiff, REST)
    left = before[:, ankle] + displacements[:, 0] - after[:, ankle]
    assert (np.abs(left[:, 0]) < 0.001).all() and (np.abs(left[:, 1]) < 0.016).all()
    assert np.linalg.norm(left[2]) < 0.001


def test_straight_arm_bends_forward_and_no_limb_bends_too_far():
    poses = np.zeros((1, 24, 3))
    shoulder, elbow, wrist = ARMS[0]
    displacements = np.zeros((1, 2, 3))
    displacements[0, 0] = [-0.1, 0, 0]  # toward the shoulder
    _, joints = pose_skeleton(move_limbs(poses, REST, ARMS, displacements), REST)
    middle = (joints[0, shoulder] + joints[0, wrist]) / 2
    assert joints[0, elbow, 2] < middle[2] - 0.05  # the forearm bends forward, so that the elbow is behind
    displacements[0, 0] = joints[0, shoulder] - joints[0, wrist]
    bent = move_limbs(poses, REST, ARMS, displacements)
    assert np.linalg.norm(bent[0, elbow]) < np.radians(156)
