"""Smoothing removes jitter, preserves fast motion, and does not depend on the choice of axes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.cleanup.smoothing import smooth_clip, smooth_person, smooth_rotations
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_quaternion, quaternion_to_matrix

seeds = st.integers(0, 1000)


def random_path(seed, count=40, joints=3, speed=0.1):
    steps = Rotation.from_rotvec(speed * np.random.default_rng(seed).normal(size=(count * joints, 3)))
    steps = steps.as_matrix().reshape(count, joints, 3, 3)
    path = [steps[0]]
    for step in steps[1:]:
        path.append(path[-1] @ step)
    return np.array(path)


def person(poses, trans=None):
    count = len(poses)
    trans = np.zeros((count, 3)) if trans is None else trans
    return PersonMotion(1, poses, np.zeros(10), trans, np.arange(count), np.zeros((count, 4)), np.ones(count))


def smoothed(rotations, error=0.05, acceleration=0.1):
    """Rotation matrices [N, J, 3, 3], smoothed with equal expected errors."""
    errors = np.full(rotations.shape[:2], error)
    return quaternion_to_matrix(smooth_rotations(matrix_to_quaternion(rotations), errors, acceleration))


def test_uniform_motion_is_unchanged():
    turns = Rotation.from_rotvec(np.linspace(0, 5, 60)[:, None] * np.array([[0.6, 0.0, 0.8]])).as_matrix()[:, None]
    np.testing.assert_allclose(smoothed(turns), turns, atol=1e-9)
    walk = person(np.zeros((60, 72)), np.linspace([-3.0, 0, 5], [3.0, 0, 4], 60))
    np.testing.assert_allclose(smooth_person(walk, 30.0, 1.0).trans, walk.trans, atol=1e-6)


@given(seeds)
def test_smoothing_is_equivariant(seed):
    """A constant rotation on either side of the rotations can be applied before or after smoothing."""
    path = random_path(seed)
    before, after = Rotation.random(2, random_state=seed).as_matrix()
    np.testing.assert_allclose(smoothed(before @ path @ after), before @ smoothed(path) @ after, atol=1e-9)


def test_results_are_rotations_with_less_jitter():
    random = np.random.default_rng(1)
    calm = np.tile(np.eye(3), (200, 4, 1, 1))
    jitter = Rotation.from_rotvec(0.05 * random.normal(size=(800, 3))).as_matrix().reshape(200, 4, 3, 3)
    smooth = smoothed(calm @ jitter, 0.1, 0.05)
    np.testing.assert_allclose(smooth @ smooth.swapaxes(-1, -2), calm, atol=1e-9)
    assert np.abs(smooth - calm).std() < 0.5 * np.abs(jitter - calm).std()


def test_small_changes_are_those_of_a_smoothing_spline():
    """Far below the expected errors and accelerations, all weights are 1 and the problem is linear."""
    random = np.random.default_rng(8)
    small = 1e-5 * random.normal(size=(50, 3))
    smooth = smoothed(Rotation.from_rotvec(small).as_matrix()[:, None], 0.02, 0.01)
    difference = np.diff(np.eye(50), n=2, axis=0)
    expected = np.linalg.solve(np.eye(50) / 0.02**2 + difference.T @ difference / 0.01**2, small / 0.02**2)
    np.testing.assert_allclose(Rotation.from_matrix(smooth[:, 0]).as_rotvec(), expected, atol=1e-9)


def test_more_strength_leaves_less_jitter():
    """A dancer: slow motion that is fast enough to be kept, and jitter."""
    random, time = np.random.default_rng(9), np.arange(150) / 30
    poses = 0.5 * np.sin(2 * np.pi * time[:, None] * random.uniform(0.2, 1, 72)) + 0.02 * random.normal(size=(150, 72))
    results = [smooth_person(person(poses), 30.0, strength).poses for strength in (0.0, 0.1, 0.3, 0.6, 1.0)]
    jerks = [np.abs(np.diff(result, n=3, axis=0)).mean() for result in results]
    assert jerks == sorted(jerks, reverse=True)
    assert jerks[2] < 0.7 * jerks[0] and jerks[4] < 0.5 * jerks[0]


def test_hit_keeps_its_time_and_most_of_its_amplitude():
    """An arm moves out and back within 0.4 s at 30 fps, at the default strength."""
    angle = np.zeros(60)
    angle[24:37] = 1.2 * np.sin(np.linspace(0, np.pi, 13))
    poses = np.zeros((60, 72))
    poses[:, 3 * 16] = angle
    smooth = smooth_person(person(poses), 30.0, 0.3).poses[:, 3 * 16]
    assert abs(int(smooth.argmax()) - int(angle.argmax())) <= 1
    assert smooth.max() > 0.93 * angle.max()


def test_frames_with_a_high_joint_error_follow_their_neighbors():
    """The elbow is off by half a radian in three frames. This is no outlier; only the joint errors reveal it."""
    poses = np.zeros((40, 72))
    poses[18:21, 3 * 18] = 0.5
    unaware = person(poses)
    informed = replace(unaware, joint_errors=np.full((40, 24), 0.08))
    informed.joint_errors[18:21, 20] = 0.6  # the wrist, which the elbow rotates
    swing = [np.abs(smooth_person(p, 30.0, 0.5).poses[:, 3 * 18]).max() for p in (unaware, informed)]
    assert swing[0] > 0.15 and swing[1] < 0.3 * swing[0]


def test_frames_without_a_detection_follow_their_neighbors():
    points = np.tile([0.0, 0, 5], (30, 1))
    points[10:13, 2] = 6.0
    walk = person(np.zeros((30, 72)), points)
    walk.confidence[10:13] = 0
    assert np.abs(smooth_person(walk, 30.0, 0.5).trans[:, 2] - 5).max() < 0.15


def test_depth_is_smoothed_and_motion_across_the_image_is_kept():
    """A runner bounces across the line of sight as fast as the depth jitters along it."""
    random, time = np.random.default_rng(6), np.arange(120) / 30
    sight = np.array([0.6, 0.0, 0.8])
    true = 5 * sight + 0.04 * np.sin(2 * np.pi * 3 * time)[:, None] * [0.0, 1.0, 0.0]
    shaken = true + 0.004 * random.normal(size=(120, 1)) * sight
    off = smooth_person(person(np.zeros((120, 72)), shaken), 30.0, 0.3).trans - true
    assert (off @ sight).std() < 0.8 * ((shaken - true) @ sight).std()
    assert np.abs(off[:, 1]).max() < 0.003


def test_line_of_sight_starts_at_the_camera():
    """For a camera at the person's side, depth is along another axis."""
    random = np.random.default_rng(7)
    jitter = 0.004 * random.normal(size=(120, 1)) * [1.0, 0.0, 0.0]
    walk = person(np.zeros((120, 72)), np.array([0.0, 0, 5]) + jitter)
    beside = np.tile([-5.0, 0, 5], (120, 1))
    across, along = (smooth_person(walk, 30.0, 0.3, camera).trans[:, 0].std() for camera in (None, beside))
    assert along < 0.85 * across


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_result_does_not_depend_on_the_frame_rate(strength):
    time = np.linspace(0, 2, 241)
    poses = np.zeros((241, 72))
    poses[:, 3 * 18] = 0.3 * np.sin(2 * np.pi * 2 * time)
    fast = smooth_person(person(poses), 120.0, strength).poses[::4]
    slow = smooth_person(person(poses[::4]), 30.0, strength).poses
    np.testing.assert_allclose(fast[5:-5], slow[5:-5], atol=0.02)


def test_zero_strength_and_short_motions_change_nothing():
    poses = np.random.default_rng(3).normal(size=(4, 72))
    for strength, count in ((0.0, 4), (1.0, 4), (1.0, 1)):
        result = smooth_person(person(poses[:count]), 30.0, strength)
        np.testing.assert_array_equal(result.poses, person(poses[:count]).poses)


@pytest.mark.parametrize("count", [5, 6, 7, 40])
def test_all_lengths_are_smoothed(count):
    poses = 0.1 * np.random.default_rng(4).normal(size=(count, 72))
    smooth = smooth_person(person(poses), 30.0, 1.0)
    assert smooth.poses.shape == poses.shape
    rotations = axis_angle_to_matrix(smooth.poses.reshape(-1, 3))
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-5)
    assert smooth.poses.std() < poses.std()


def test_smooth_clip_changes_only_poses_and_translation():
    clip = MotionClip(
        30.0, 640, 480, 800.0, np.zeros(2), "a.mp4", [person(0.1 * np.random.default_rng(5).normal(size=(30, 72)))]
    )
    smooth = smooth_clip(clip, 0.5)
    assert (smooth.fps, smooth.focal_length, smooth.source) == (clip.fps, clip.focal_length, clip.source)
    assert not np.array_equal(smooth.people[0].poses, clip.people[0].poses)
    np.testing.assert_array_equal(smooth.people[0].frames, clip.people[0].frames)
    with pytest.raises(TarError, match="0 to 1"):
        smooth_clip(clip, 1.5)


def test_fast_legs_of_a_runner_are_preserved():
    """A parabola over 0.2 seconds alone would reduce three strides per second. Jitter is still removed."""
    random, time = np.random.default_rng(4), np.arange(120) / 30
    true = np.zeros((120, 72))
    true[:, 3 * 4] = 0.6 * np.sin(2 * np.pi * 3 * time)  # a knee
    shaken = true + 0.003 * random.normal(size=true.shape)
    smooth = smooth_person(person(shaken), 30.0, 0.3).poses
    knee, others = 3 * 4, [3 * 16, 3 * 17, 3 * 9]
    assert np.abs(smooth[:, knee] - true[:, knee]).max() < 0.05
    assert smooth[:, others].std() < 0.85 * shaken[:, others].std()
