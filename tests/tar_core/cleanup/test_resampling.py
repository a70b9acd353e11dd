"""Resampling preserves the timing of motion."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.cleanup.resampling import catmull_rom, fill_frames, resample_clip, resample_person, select_frames
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix
from tests.support.clips import synthetic_person


def spinning(frames: int, first: int, fps: float) -> PersonMotion:
    """Rotates at 2 rad/s about an oblique axis and moves at 1 m/s; the confidence encodes the time."""
    time = (first + np.arange(frames)) / fps
    poses = np.zeros((frames, 72))
    poses[:, 3:6] = (2 * time)[:, None] * np.array([0.6, 0.0, 0.8])
    trans = time[:, None] * np.array([1.0, 0.0, 0.0]) + [0, 0, 4]
    boxes = np.repeat(time[:, None], 4, 1)
    return PersonMotion(7, poses, np.zeros(10), trans, first + np.arange(frames), boxes, time / 100)


def clip_of(fps: float, *people: PersonMotion) -> MotionClip:
    return MotionClip(fps, 640, 480, 800, np.array([320, 240]), "a.mp4", list(people))


@pytest.mark.parametrize(("fps", "new"), [(25.0, 24.0), (24.0, 60.0), (30000 / 1001, 25.0), (60.0, 30.0), (30.0, 30.0)])
def test_all_values_keep_their_time(fps: float, new: float) -> None:
    clip = resample_clip(clip_of(fps, spinning(50, 6, fps)), new)
    (person,) = clip.people
    assert clip.fps == new
    time = person.frames / new
    assert 6 / fps <= time[0] + 1e-6 < 6 / fps + 1 / new and 55 / fps - 1 / new < time[-1] <= 55 / fps + 1e-6
    np.testing.assert_allclose(person.trans[:, 0], time, atol=1e-5)
    np.testing.assert_allclose(person.boxes[:, 2], time, atol=1e-5)
    np.testing.assert_allclose(person.confidence, time / 100, atol=1e-6)
    expected = axis_angle_to_matrix((2 * time)[:, None] * np.array([0.6, 0.0, 0.8]))
    np.testing.assert_allclose(axis_angle_to_matrix(person.poses[:, 3:6].astype(float)), expected, atol=1e-5)


def test_equal_rate_changes_nothing() -> None:
    person = spinning(20, 3, 30.0)
    same = resample_person(person, 1.0)
    np.testing.assert_array_equal(same.frames, person.frames)
    np.testing.assert_allclose(same.poses, person.poses, atol=1e-6)


def test_halving_an_ntsc_rate_keeps_every_second_frame() -> None:
    """From 60000/1001 to 30000/1001 fps."""
    person = resample_person(spinning(101, 0, 60000 / 1001), (30000 / 1001) / (60000 / 1001))
    np.testing.assert_array_equal(person.frames, np.arange(51))


def test_single_frame_is_kept() -> None:
    person = resample_person(spinning(1, 5, 30.0), 0.3)
    assert person.frames.tolist() == [2] and len(person) == 1


def test_rate_of_zero_is_rejected() -> None:
    with pytest.raises(TarError, match="above zero"):
        resample_clip(clip_of(30.0, spinning(3, 0, 30.0)), 0)


def test_spline_reproduces_a_parabola_and_extrapolates_linearly() -> None:
    values = (np.arange(6.0) ** 2)[:, None]
    np.testing.assert_allclose(catmull_rom(values, np.array([0, 1.5, 2.25, 5]))[:, 0], [0, 2.25, 5.0625, 25])
    np.testing.assert_allclose(catmull_rom(values, np.array([-0.5, 5.5]))[:, 0], [-0.5, 29.5])


def test_skipped_frames_are_interpolated() -> None:
    """Of frames 20 to 34, frames 20, 23, 26, 29 and 32 were processed. The last two are extrapolated."""
    expected = spinning(15, 20, 60.0)
    seen = spinning(5, 0, 20.0)
    seen.trans[:, 0] += 20 / 60
    seen.poses[:, 3:6] += (2 * 20 / 60) * np.array([0.6, 0.0, 0.8])
    filled = fill_frames(seen, first=20, step=3, last=34)
    np.testing.assert_array_equal(filled.frames, expected.frames)
    np.testing.assert_allclose(filled.trans, expected.trans, atol=1e-5)
    np.testing.assert_allclose(filled.poses, expected.poses, atol=1e-4)
    assert filled.confidence[-1] == filled.confidence[12] == seen.confidence[4]


def test_motion_that_ends_early_is_not_extrapolated() -> None:
    filled = fill_frames(spinning(3, 2, 20.0), first=10, step=3, last=30)
    np.testing.assert_array_equal(filled.frames, np.arange(16, 23))


@pytest.mark.parametrize("frames", [1, 2])
def test_short_motions_are_interpolated(frames: int) -> None:
    filled = fill_frames(spinning(frames, 0, 30.0), first=0, step=2, last=2 * frames - 1)
    np.testing.assert_array_equal(filled.frames, np.arange(2 * frames))


def test_hands_are_resampled() -> None:
    person = spinning(20, 0, 30.0)
    hands = np.tile(person.poses[:, 3:6], (1, 30))
    person = replace(person, hand_poses=hands, hand_confidence=np.tile(person.confidence[:, None], (1, 2)))
    half = resample_person(person, 0.5)
    np.testing.assert_allclose(half.hand_poses, np.tile(half.poses[:, 3:6], (1, 30)), atol=1e-6)
    np.testing.assert_allclose(half.hand_confidence, np.tile(half.confidence[:, None], (1, 2)), atol=1e-6)


def test_selected_frames_are_consecutive_and_have_no_fingers() -> None:
    person = replace(spinning(20, 6, 30.0), hand_poses=np.zeros((20, 90)), hand_confidence=np.ones((20, 2)))
    part, sparse = select_frames(person, slice(5, 9)), select_frames(person, slice(None, None, 3))
    assert part.frames.tolist() == [11, 12, 13, 14] and part.hand_poses is None
    np.testing.assert_array_equal(part.trans, person.trans[5:9])
    assert sparse.frames.tolist() == list(range(6, 13))
    np.testing.assert_array_equal(sparse.poses, person.poses[::3])


def test_faces_stay_in_their_range() -> None:
    """A blink between two frames, where a spline would overshoot."""
    person = synthetic_person(1, frames=4, first_frame=0)
    values = np.zeros((4, 52))
    values[1:3] = 1
    found = resample_person(replace(person, face_values=values, face_confidence=np.ones(4)), 2.0)
    assert found.face_values is not None
    np.testing.assert_allclose(found.face_values[:, 0], [0, 0.5, 1, 1, 1, 0.5, 0], atol=1e-6)
