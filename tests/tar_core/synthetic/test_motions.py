"""Variations of motions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, MIRROR, pose_skeleton
from tar_core.synthetic.motions import Motion, at_speed, leg_length, mirrored, reversed_in_time, with_legs
from tar_core.synthetic.recordings import load_motions
from tests.support.bvh_files import rest_joints


def random_walk(count=20, seed=0):
    """A motion whose joints and root do random walks."""
    random = np.random.default_rng(seed)
    steps = random.normal(size=(count, 24, 3)) * 0.05
    return Motion("random", steps.cumsum(0), random.normal(size=(count, 3)).cumsum(0) * 0.02)


def test_leg_length_is_independent_of_the_pose():
    rest = rest_joints()
    assert leg_length(pose_skeleton(random_walk().poses, rest)[1]) == pytest.approx(leg_length(rest))
    assert 0.7 < leg_length(rest) < 0.9


def test_with_legs_keeps_stance_feet_in_place(recorded):
    """The recorded legs are a quarter longer than the free body's: without scaling, its feet would slide."""
    folder, legs = recorded
    rest = rest_joints()
    ankles = [JOINT_NAMES.index("left_ankle"), JOINT_NAMES.index("right_ankle")]

    def slide(motion):  # mm per frame, of the lower foot
        joints = pose_skeleton(motion.poses, rest)[1] - rest[0] + motion.trans[:, None]
        feet = joints[:, ankles]
        lower = feet[1:, :, 1].argmin(1)
        steps = np.linalg.norm(np.diff(feet, axis=0), axis=-1)
        return 1000 * np.median(np.take_along_axis(steps, lower[:, None], 1))

    walk = next(m for m in load_motions(folder, rest_joints=rest) if m.name == "cmu/007_04")
    scaled = with_legs(walk, leg_length(rest))
    assert walk.legs == pytest.approx(legs, abs=0.01) and scaled.legs == leg_length(rest)
    assert slide(scaled) < 0.6 * slide(walk)


def test_with_legs_leaves_motions_of_unknown_leg_length_unchanged():
    motion = random_walk()
    assert with_legs(motion, 0.7) is motion


def test_mirrored_exchanges_sides():
    motion = random_walk()
    rest = rest_joints()
    rest = (rest + rest[list(MIRROR)] * [-1, 1, 1]) / 2  # a symmetric skeleton
    _, joints = pose_skeleton(motion.poses, rest)
    _, other = pose_skeleton(mirrored(motion).poses, rest)
    np.testing.assert_allclose(other, joints[:, list(MIRROR)] * [-1, 1, 1], atol=1e-9)
    np.testing.assert_allclose(mirrored(mirrored(motion)).poses, motion.poses)


def test_reversed_in_time():
    motion = random_walk()
    np.testing.assert_array_equal(reversed_in_time(motion).poses, motion.poses[::-1])
    np.testing.assert_array_equal(reversed_in_time(motion).trans, motion.trans[::-1])


@given(st.floats(0.3, 3.0))
def test_at_speed_passes_through_the_recorded_poses(speed):
    motion = random_walk()
    faster = at_speed(motion, speed)
    assert len(faster) == int((len(motion) - 1) / speed + 1e-6) + 1
    recorded = axis_angle_to_matrix(motion.poses)
    for frame in range(len(faster)):
        if abs(frame * speed - round(frame * speed)) < 1e-9:
            np.testing.assert_allclose(
                axis_angle_to_matrix(faster.poses[frame]), recorded[round(frame * speed)], atol=1e-6
            )
    assert np.abs(faster.trans).max() <= np.abs(motion.trans).max() + 1e-9
