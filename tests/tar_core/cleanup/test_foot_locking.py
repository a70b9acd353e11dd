"""Feet that stand come to stand, what moves keeps moving, and the picture stays."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, with_camera_trajectory
from tar_core.cleanup.foot_locking import foot_points, lock_clip_feet, lock_feet, slide, still_weights
from tar_core.cleanup.leg_ik import LEGS
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix
from tests.support.moving_camera import PELVIS, clip_of, joint_pixels, walker

FPS = 30.0
BODY = load_body()


def stander(count: int = 60) -> PersonMotion:
    """Stands in front of the camera, upright, and moves the arms."""
    poses = np.zeros((count, 72))
    poses[:, 0] = np.pi
    poses[:, 3 * 16] = np.sin(np.linspace(0, 6, count))
    trans = np.tile([0.3, 0.2, 4.0], (count, 1))
    frames = np.arange(count)
    return PersonMotion(1, poses, np.zeros(10), trans, frames, np.zeros((count, 4)), np.ones(count))


def test_who_stands_stays_as_they_are() -> None:
    person = stander()
    np.testing.assert_allclose(lock_feet(person, BODY, FPS).trans, person.trans, atol=1e-6)


def test_depth_that_wavers_is_held_and_the_picture_stays() -> None:
    person = stander()
    sight = person.trans[0] / np.linalg.norm(person.trans[0])
    wavering = replace(person, trans=person.trans + 0.06 * np.sin(np.arange(60) / 8)[:, None] * sight)
    feet = foot_points(wavering, BODY)
    standing = still_weights(feet, FPS)
    assert (standing > 0.5).mean() > 0.9
    locked = lock_feet(wavering, BODY, FPS)
    assert slide(foot_points(locked, BODY), standing) < 0.2 * slide(feet, standing)
    before, after = (1500 * p.trans[:, :2] / p.trans[:, 2:] for p in (wavering, locked))
    assert np.linalg.norm(after - before, axis=1).mean() < 2
    weak = slide(foot_points(lock_feet(wavering, BODY, FPS, 0.02), BODY), standing)
    assert slide(foot_points(locked, BODY), standing) < weak < slide(feet, standing)
    away = np.abs(locked.poses - wavering.poses).reshape(60, 24, 3).max((0, 2))
    legs = [joint for leg in LEGS for joint in leg]
    assert away[legs].max() < 0.03  # radians: the root does the work
    assert (np.delete(away, legs) == 0).all()


def test_legs_hold_what_the_root_cannot() -> None:
    """Knees that tremble against each other leave no root that would hold both feet."""
    person = stander()
    tremble = 0.06 * np.sin(np.arange(60) / 4)
    poses = person.poses.reshape(60, 24, 3).copy()
    poses[:, 4, 0] += 0.4 + tremble
    poses[:, 5, 0] += 0.4 - tremble
    shaking = replace(person, poses=poses.reshape(60, 72))
    feet = foot_points(shaking, BODY)
    standing = still_weights(feet, FPS)
    assert (standing > 0.5).any(1).mean() > 0.9 and slide(feet, standing) > 0.003
    locked = lock_feet(shaking, BODY, FPS)
    assert slide(foot_points(locked, BODY), standing) < 0.4 * slide(feet, standing)
    for frame in (locked.poses, locked.trans):
        assert np.isfinite(frame).all()


def test_who_moves_across_the_picture_keeps_moving() -> None:
    person = stander()
    glide = replace(person, trans=person.trans + np.arange(60)[:, None] / FPS * np.array([1.2, 0, 0]))
    np.testing.assert_allclose(lock_feet(glide, BODY, FPS).trans, glide.trans, atol=0.003)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motions(count: int) -> None:
    assert len(lock_feet(stander(count), BODY, FPS)) == count


def test_strength() -> None:
    clip = MotionClip(FPS, 640, 480, 800, np.array([320, 240]), "a.mp4", [stander()])
    assert lock_clip_feet(clip, BODY, 0.0).people[0] is clip.people[0]
    with pytest.raises(TarError, match="planting of feet is 2"):
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
    before, after = (slide(foot_points(moving.people[0], BODY), stance) for moving in (clip, locked))
    assert before > 0.006 and after < 0.25 * before
    moved = joint_pixels(locked, locked.people[0]) - joint_pixels(clip, clip.people[0])
    assert np.linalg.norm(moved, axis=-1).mean() < 2.0
