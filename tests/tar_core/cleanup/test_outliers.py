"""Outliers of a few frames are interpolated; fast motion is preserved."""

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
    """The motion of poses [N, 24, 3]."""
    count = len(poses)
    trans, boxes = np.ones((count, 3)), np.ones((count, 4))
    return PersonMotion(1, poses.reshape(count, 72), np.zeros(10), trans, np.arange(count), boxes, np.ones(count))


def poses_of(person: PersonMotion) -> np.ndarray:
    return person.poses.reshape(-1, 24, 3).astype(float)


def walk(count: int = 90, fps: float = FPS) -> np.ndarray:
    """Poses [N, 24, 3] of a brisk walk with jitter like that of a network."""
    phase = 2 * np.pi * np.arange(count) / fps
    poses = np.radians(0.2) * np.random.default_rng(0).normal(size=(count, 24, 3))
    for side, sign in enumerate((1, -1)):
        poses[:, LEGS[0][side], 0] += -0.5 * sign * np.sin(phase)
        poses[:, LEGS[1][side], 0] += 0.6 + 0.5 * sign * np.cos(phase)
    poses[:, ELBOW, 1] += -0.5 + 0.3 * np.sin(phase)
    return poses


def degrees_off(poses: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Angles [N, 24] between axis-angles."""
    differences = axis_angle_to_matrix(poses).swapaxes(-1, -2) @ axis_angle_to_matrix(truth)
    return np.degrees(np.linalg.norm(matrix_to_axis_angle(differences), axis=-1))


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 70), st.integers(1, 6), st.floats(60, 120), st.integers(0, 1000))
def test_lost_limb_is_interpolated(start: int, frames: int, degrees: float, seed: int) -> None:
    axis = np.random.default_rng(seed).normal(size=3)
    rotation = axis_angle_to_matrix(np.radians(degrees) * axis / np.linalg.norm(axis))
    truth = walk()
    corrupted = truth.copy()
    away = slice(start, start + frames)
    corrupted[away, ELBOW] = matrix_to_axis_angle(axis_angle_to_matrix(truth[away, ELBOW]) @ rotation)
    filled = poses_of(fill_outliers(person_of(corrupted), FPS))
    assert degrees_off(filled, truth)[:, ELBOW].max() < 12
    others = np.delete(np.arange(24), ELBOW)
    np.testing.assert_array_equal(filled[:, others], poses_of(person_of(corrupted))[:, others])


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_swapped_legs_are_interpolated(frames: int) -> None:
    truth = walk()
    swapped = truth.copy()
    away = slice(20, 20 + frames)  # one leg is bent in front of the body, the other stretched behind it
    for left, right in LEGS:
        swapped[away, left] = truth[away, right] * [1, -1, -1]
        swapped[away, right] = truth[away, left] * [1, -1, -1]
    assert degrees_off(swapped, truth).max() > 45
    filled = poses_of(fill_outliers(person_of(swapped), FPS))
    assert degrees_off(filled, truth).max() < 12


def test_flipped_body_is_interpolated() -> None:
    truth = walk()
    flipped = truth.copy()
    flipped[40:43, 0] = matrix_to_axis_angle(axis_angle_to_matrix(truth[40:43, 0]) @ np.diag([-1.0, 1, -1]))
    assert degrees_off(poses_of(fill_outliers(person_of(flipped), FPS)), truth).max() < 5


def test_jump_takes_two_frames_at_60_fps() -> None:
    """Every second frame was processed, and the frames between are interpolated."""
    truth = walk(180, 60.0)
    corrupted = truth.copy()
    corrupted[80:83, ELBOW, 2] += np.radians(90)
    corrupted[[79, 83], ELBOW, 2] += np.radians(45)
    filled = poses_of(fill_outliers(person_of(corrupted), 60.0))
    assert degrees_off(filled, truth).max() < 12


@pytest.mark.parametrize("seconds", [0.25, 0.35, 0.5])
@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_kick_is_preserved(seconds: float, fps: float) -> None:
    """A knee extends from 130 degrees and bends again as fast as an athlete's."""
    poses = walk(round(3 * fps), fps)
    time = np.arange(len(poses)) / fps - 1.5
    poses[:, KNEE, 0] = np.radians(130) * (1 - np.exp(-((time / (0.4 * seconds)) ** 2)))
    person = person_of(poses)
    np.testing.assert_array_equal(fill_outliers(person, fps).poses, person.poses)


def test_jump_without_return_is_preserved() -> None:
    poses = walk()
    poses[45:, ELBOW, 2] += np.radians(90)
    person = person_of(poses)
    np.testing.assert_array_equal(fill_outliers(person, FPS).poses, person.poses)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motions_keep_their_length(count: int) -> None:
    assert len(fill_outliers(person_of(walk(count)), FPS)) == count
