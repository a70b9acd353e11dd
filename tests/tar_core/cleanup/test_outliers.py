"""Limbs that are flung for a few frames come back; whoever is quick stays so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.cleanup.outliers import fill_outliers
from tar_core.motion import PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES

FPS = 30.0
LEGS = [(JOINT_NAMES.index(f"left_{part}"), JOINT_NAMES.index(f"right_{part}")) for part in ("hip", "knee", "ankle")]
KNEE = JOINT_NAMES.index("right_knee")
ELBOW = JOINT_NAMES.index("left_elbow")


def person_of(poses: np.ndarray) -> PersonMotion:
    """Of poses [N, 24, 3]."""
    count = len(poses)
    trans, boxes = np.ones((count, 3)), np.ones((count, 4))
    return PersonMotion(1, poses.reshape(count, 72), np.zeros(10), trans, np.arange(count), boxes, np.ones(count))


def poses_of(person: PersonMotion) -> np.ndarray:
    return person.poses.reshape(-1, 24, 3).astype(float)


def walk(count: int = 90, fps: float = FPS) -> np.ndarray:
    """Poses [N, 24, 3] of somebody who walks briskly and trembles as networks do."""
    phase = 2 * np.pi * np.arange(count) / fps
    poses = np.radians(0.2) * np.random.default_rng(0).normal(size=(count, 24, 3))
    for side, sign in enumerate((1, -1)):
        poses[:, LEGS[0][side], 0] += -0.5 * sign * np.sin(phase)
        poses[:, LEGS[1][side], 0] += 0.6 + 0.5 * sign * np.cos(phase)
    poses[:, ELBOW, 1] += -0.5 + 0.3 * np.sin(phase)
    return poses


def degrees_off(poses: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """[N, 24] between axis-angles."""
    turns = axis_angle_to_matrix(poses).swapaxes(-1, -2) @ axis_angle_to_matrix(truth)
    return np.degrees(np.linalg.norm(matrix_to_axis_angle(turns), axis=-1))


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 70), st.integers(1, 6), st.floats(60, 120), st.integers(0, 1000))
def test_a_lost_limb_comes_back(start: int, frames: int, degrees: float, seed: int) -> None:
    axis = np.random.default_rng(seed).normal(size=3)
    turn = axis_angle_to_matrix(np.radians(degrees) * axis / np.linalg.norm(axis))
    truth = walk()
    flung = truth.copy()
    away = slice(start, start + frames)
    flung[away, ELBOW] = matrix_to_axis_angle(axis_angle_to_matrix(truth[away, ELBOW]) @ turn)
    filled = poses_of(fill_outliers(person_of(flung), FPS))
    assert degrees_off(filled, truth)[:, ELBOW].max() < 12
    others = np.delete(np.arange(24), ELBOW)
    np.testing.assert_array_equal(filled[:, others], poses_of(person_of(flung))[:, others])


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_legs_that_are_taken_for_each_other_change_back(frames: int) -> None:
    truth = walk()
    swapped = truth.copy()
    away = slice(20, 20 + frames)  # one leg is bent before the body, the other stretched behind it
    for left, right in LEGS:
        swapped[away, left] = truth[away, right] * [1, -1, -1]
        swapped[away, right] = truth[away, left] * [1, -1, -1]
    assert degrees_off(swapped, truth).max() > 45
    filled = poses_of(fill_outliers(person_of(swapped), FPS))
    assert degrees_off(filled, truth).max() < 12


def test_somebody_who_is_turned_over_for_a_moment() -> None:
    truth = walk()
    turned = truth.copy()
    turned[40:43, 0] = matrix_to_axis_angle(axis_angle_to_matrix(truth[40:43, 0]) @ np.diag([-1.0, 1, -1]))
    assert degrees_off(poses_of(fill_outliers(person_of(turned), FPS)), truth).max() < 5


def test_at_60_frames_a_second_a_leap_takes_two_of_them() -> None:
    """Every second frame was looked at, and a curve runs through those between."""
    truth = walk(180, 60.0)
    flung = truth.copy()
    flung[80:83, ELBOW, 2] += np.radians(90)
    flung[[79, 83], ELBOW, 2] += np.radians(45)
    filled = poses_of(fill_outliers(person_of(flung), 60.0))
    assert degrees_off(filled, truth).max() < 12


@pytest.mark.parametrize("seconds", [0.25, 0.35, 0.5])
@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_a_kick_is_left_alone(seconds: float, fps: float) -> None:
    """A knee that snaps straight from 130 degrees and bends again, as quickly as athletes' do."""
    poses = walk(round(3 * fps), fps)
    time = np.arange(len(poses)) / fps - 1.5
    poses[:, KNEE, 0] = np.radians(130) * (1 - np.exp(-((time / (0.4 * seconds)) ** 2)))
    person = person_of(poses)
    np.testing.assert_array_equal(fill_outliers(person, fps).poses, person.poses)


def test_a_leap_to_stay_is_no_outlier() -> None:
    poses = walk()
    poses[45:, ELBOW, 2] += np.radians(90)
    person = person_of(poses)
    np.testing.assert_array_equal(fill_outliers(person, FPS).poses, person.poses)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motions(count: int) -> None:
    assert len(fill_outliers(person_of(walk(count)), FPS)) == count
