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
from tar_core.rotations import axis_angle_to_matrix

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


def test_uniform_rotation_is_unchanged():
    angles = np.linspace(0, 5, 60) ** 1.0
    rotations = Rotation.from_rotvec(angles[:, None] * np.array([[0.6, 0.0, 0.8]])).as_matrix()[:, None]
    np.testing.assert_allclose(smooth_rotations(rotations, 15), rotations, atol=1e-9)


@given(seeds)
def test_smoothing_is_equivariant(seed):
    """A constant rotation on either side of the rotations can be applied before or after smoothing."""
    path = random_path(seed)
    before, after = Rotation.random(2, random_state=seed).as_matrix()
    np.testing.assert_allclose(
        smooth_rotations(before @ path @ after, 9), before @ smooth_rotations(path, 9) @ after, atol=1e-9
    )


def test_results_are_rotations_with_less_jitter():
    random = np.random.default_rng(1)
    calm = np.tile(np.eye(3), (200, 4, 1, 1))
    jitter = Rotation.from_rotvec(0.05 * random.normal(size=(800, 3))).as_matrix().reshape(200, 4, 3, 3)
    smooth = smooth_rotations(calm @ jitter, 15)
    np.testing.assert_allclose(smooth @ smooth.swapaxes(-1, -2), calm, atol=1e-9)
    assert np.abs(smooth - calm).std() < 0.5 * np.abs(jitter - calm).std()


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
    assert swing[0] > 0.15 and swing[1] < 0.05


def test_frames_without_a_detection_follow_their_neighbors():
    points = np.zeros((30, 3))
    points[10:13, 2] = 1.0
    walk = person(np.zeros((30, 72)), points)
    walk.confidence[10:13] = 0
    assert np.abs(smooth_person(walk, 30.0, 0.5).trans).max() < 0.15


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


@given(seeds)
def test_equal_errors_change_nothing(seed):
    path = random_path(seed)
    np.testing.assert_allclose(smooth_rotations(path, 9, np.full((40, 3), 0.3)), smooth_rotations(path, 9), atol=1e-9)


def test_window_is_given_in_seconds():
    random = np.random.default_rng(2)
    jitter = 0.003 * random.normal(size=(400, 72))
    slow, fast = (smooth_person(person(jitter), fps, 0.4).poses.std() for fps in (30.0, 120.0))
    assert fast < 0.7 * slow  # four times the frames in the same time


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
    assert np.abs(smooth[:, others]).std() < 0.8 * np.abs(shaken[:, others]).std()
