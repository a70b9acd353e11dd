"""Foot locking keeps stance feet in place, preserves other motion, and keeps the body over its pixels."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, with_camera_trajectory
from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.foot_locking import (
    floor_weights,
    foot_points,
    foot_sliding,
    lock_clip_feet,
    lock_feet,
    stance_weights,
)
from tar_core.cleanup.limb_ik import LEGS
from tar_core.errors import TarError
from tar_core.motion import LEVEL, Floor, MotionClip
from tar_core.rotations import axis_angle_to_matrix
from tests.support.moving_camera import PELVIS, clip_of, joint_pixels, walker
from tests.support.standing import BODY, FPS, standing_motion


def test_motion_without_sliding_is_unchanged() -> None:
    person = standing_motion()
    np.testing.assert_allclose(lock_feet(person, BODY, FPS).trans, person.trans, atol=1e-6)


def test_depth_noise_is_removed_and_the_body_stays_over_its_pixels() -> None:
    person = standing_motion()
    sight = person.trans[0] / np.linalg.norm(person.trans[0])
    noisy = replace(person, trans=person.trans + 0.06 * np.sin(np.arange(60) / 8)[:, None] * sight)
    feet = foot_points(noisy, BODY)
    stance = stance_weights(feet, FPS)
    assert (stance > 0.5).mean() > 0.9
    locked = lock_feet(noisy, BODY, FPS)
    assert foot_sliding(foot_points(locked, BODY), stance) < 0.2 * foot_sliding(feet, stance)
    before, after = (1500 * p.trans[:, :2] / p.trans[:, 2:] for p in (noisy, locked))
    assert np.linalg.norm(after - before, axis=1).mean() < 2
    weak = foot_sliding(foot_points(lock_feet(noisy, BODY, FPS, 0.02), BODY), stance)
    assert foot_sliding(foot_points(locked, BODY), stance) < weak < foot_sliding(feet, stance)
    change = np.abs(locked.poses - noisy.poses).reshape(60, 24, 3).max((0, 2))
    legs = [joint for leg in LEGS for joint in leg]
    assert change[legs].max() < 0.03  # radians: most of the correction is made by the root
    assert (np.delete(change, legs) == 0).all()


def test_feet_that_are_known_to_be_in_contact_are_locked_although_they_are_faster() -> None:
    person = standing_motion()
    sway = replace(person, trans=person.trans + 0.1 * np.sin(np.arange(60) / 5)[:, None] * np.array([0.3, 0, 1]))
    contacts = np.ones((60, 2), bool)
    locked = [foot_points(lock_feet(sway, BODY, FPS, contacts=known), BODY) for known in (None, contacts)]
    slid = [foot_sliding(feet, np.ones((59, 4))) for feet in (foot_points(sway, BODY), *locked)]
    assert slid[2] < 0.7 * slid[1] < 0.7 * slid[0]


def test_legs_remove_sliding_that_the_root_cannot() -> None:
    """If the knees move in opposite directions, no displacement of the root keeps both feet in place."""
    person = standing_motion()
    wobble = 0.06 * np.sin(np.arange(60) / 4)
    poses = person.poses.reshape(60, 24, 3).copy()
    poses[:, 4, 0] += 0.4 + wobble
    poses[:, 5, 0] += 0.4 - wobble
    shaking = replace(person, poses=poses.reshape(60, 72))
    feet = foot_points(shaking, BODY)
    stance = stance_weights(feet, FPS)
    assert (stance > 0.5).any(1).mean() > 0.9 and foot_sliding(feet, stance) > 0.003
    locked = lock_feet(shaking, BODY, FPS)
    assert foot_sliding(foot_points(locked, BODY), stance) < 0.4 * foot_sliding(feet, stance)
    for frame in (locked.poses, locked.trans):
        assert np.isfinite(frame).all()


def test_motion_across_the_image_is_preserved() -> None:
    person = standing_motion()
    glide = replace(person, trans=person.trans + np.arange(60)[:, None] / FPS * np.array([1.2, 0, 0]))
    np.testing.assert_allclose(lock_feet(glide, BODY, FPS).trans, glide.trans, atol=0.003)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motions_keep_their_length(count: int) -> None:
    assert len(lock_feet(standing_motion(count), BODY, FPS)) == count


def test_zero_strength_changes_nothing_and_invalid_strength_is_rejected() -> None:
    clip = MotionClip(FPS, 640, 480, 800, np.array([320, 240]), "a.mp4", [standing_motion()])
    assert lock_clip_feet(clip, BODY, 0.0).people[0] is clip.people[0]
    with pytest.raises(TarError, match="strength of foot locking is 2"):
        lock_clip_feet(clip, BODY, 2.0)


def test_foot_locking_works_along_each_frames_line_of_sight_with_a_moving_camera() -> None:
    """Depth errors of the network point in changing directions in the world while the camera orbits the person."""
    truth = walker()
    angle = np.linspace(0, 1.2, len(truth))
    rotations = np.stack([np.zeros_like(angle), angle, np.zeros_like(angle)], 1)
    center = np.array([0.0, 0.0, 5.0])
    positions = center - (axis_angle_to_matrix(rotations).transpose(0, 2, 1) @ center)
    path = CameraTrajectory(0, rotations, positions)
    seen = to_camera_frame(truth, path, PELVIS)
    seen.trans *= 1 + 0.012 * np.sin(np.arange(len(truth)) / 5)[:, None]
    clip = with_camera_trajectory(clip_of(seen), path, BODY)
    locked = lock_clip_feet(clip, BODY, 1.0)
    stance = (np.linalg.norm(np.diff(foot_points(truth, BODY), axis=0), axis=-1) < 0.15 / FPS).astype(float)
    before, after = (foot_sliding(foot_points(moving.people[0], BODY), stance) for moving in (clip, locked))
    assert before > 0.006 and after < 0.25 * before
    moved = joint_pixels(locked, locked.people[0]) - joint_pixels(clip, clip.people[0])
    assert np.linalg.norm(moved, axis=-1).mean() < 2.0


def test_feet_are_placed_on_a_known_floor() -> None:
    """One foot is below the floor and the other above it, by 3 cm; the knees are bent, so that both reach it."""
    person = standing_motion()
    poses = person.poses.reshape(60, 24, 3).copy()
    for hip, knee, angle in ((1, 4, 0.5), (2, 5, 0.3)):
        poses[:, hip, 0] -= angle
        poses[:, knee, 0] += 2 * angle
    bent = replace(person, poses=poses.reshape(60, 72))
    soles = sole_points(bent, BODY)[..., 1]
    low, high = soles[:, :2].max(1), soles[:, 2:].max(1)
    floor = Floor(LEVEL, float((low[0] + high[0]) / 2))
    assert 0.015 < abs(low[0] - high[0]) / 2 < 0.055
    heights = floor.heights(sole_points(lock_feet(bent, BODY, FPS, floor=floor), BODY))
    assert np.abs(heights[:, :2].min(1)).max() < 0.01 and np.abs(heights[:, 2:].min(1)).max() < 0.015
    unknown = floor.heights(sole_points(lock_feet(bent, BODY, FPS), BODY))
    assert np.abs(unknown[:, :2].min(1)).max() > 0.015
    assert lock_feet(bent, BODY, FPS, 0.0, floor=floor) is bent


def test_feet_in_the_air_are_not_pulled_to_the_floor() -> None:
    heights = np.array([-0.05, 0.03, 0.03, 0.3, 0.3])
    np.testing.assert_array_equal(floor_weights(heights, np.array([0.0, 0.0, 1.0, 1.0])), [1, 0, 1, 0, 0])
