"""Feet that stand come to stand, what moves keeps moving, and the picture stays."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.body.data import load_body
from tar_core.cleanup.foot_locking import foot_points, lock_clip_feet, lock_feet, slide, solve_band, still_weights
from tar_core.cleanup.leg_ik import LEGS
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion

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


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_the_band_is_solved(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    bands = [random.normal(size=max(count - step, 0)) for step in (1, 2)]
    half = random.normal(size=(count, 3, 3))
    diagonal = half @ half.swapaxes(1, 2) + 20 * np.eye(3)
    right = random.normal(size=(count, 3))
    matrix = np.zeros((count, 3, count, 3))
    for t in range(count):
        matrix[t, :, t] = diagonal[t]
        for step, band in enumerate(bands, start=1):
            if t >= step:
                matrix[t, :, t - step] = matrix[t - step, :, t] = band[t - step] * np.eye(3)
    expected = np.linalg.solve(matrix.reshape(3 * count, -1), right.ravel()).reshape(-1, 3)
    np.testing.assert_allclose(solve_band(diagonal, *bands, right), expected, atol=1e-8)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motions(count: int) -> None:
    assert len(lock_feet(stander(count), BODY, FPS)) == count


def test_strength() -> None:
    clip = MotionClip(FPS, 640, 480, 800, np.array([320, 240]), "a.mp4", [stander()])
    assert lock_clip_feet(clip, BODY, 0.0).people[0] is clip.people[0]
    with pytest.raises(TarError, match="planting of feet is 2"):
        lock_clip_feet(clip, BODY, 2.0)
