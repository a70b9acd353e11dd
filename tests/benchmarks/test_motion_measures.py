"""Measures of captured motion against known motion."""

from dataclasses import replace

import numpy as np

from benchmarks.motion_measures import (
    HANDS_AND_FEET,
    Measures,
    acceleration_error,
    floor_errors,
    hit_errors,
    hits,
    joint_positions,
    share_within,
)
from benchmarks.recordings import with_errors
from tar_core.body.data import load_body
from tar_core.motion import MotionClip
from tar_core.synthetic.motions import FPS
from tests.support.recordings import standing_person

BODY = load_body()


def test_floor_errors_without_a_floor_are_those_of_a_level_camera_at_height_0() -> None:
    empty = MotionClip(FPS, 640, 480, 800, np.array([320, 240]), "a.mp4")
    tilt, height = floor_errors(empty, np.array([0.0, -np.cos(0.2), -np.sin(0.2)]), 1.5, BODY)
    np.testing.assert_allclose([tilt, height], [np.degrees(0.2), 1.5])


def test_shifted_and_missing_hits_are_counted_in_frames() -> None:
    time = np.arange(90)
    joints = np.zeros((90, 24, 3))
    joints[:, HANDS_AND_FEET[0], 0] = 1 / (1 + np.exp(-(time - 40.5)))  # fastest between frames 40 and 41
    assert hits(joints) == [(HANDS_AND_FEET[0], 40)]
    assert hit_errors(np.roll(joints, 2, axis=0), joints) == [2]
    assert hit_errors(np.zeros_like(joints), joints) == [8], "missing"
    assert share_within([0, 1, 2, 8], 1) == 0.5


def test_jitter_shows_in_the_accelerations() -> None:
    random = np.random.default_rng(0)
    truth = standing_person(BODY, random)
    captured = with_errors(truth, random)
    true = joint_positions(truth, BODY)
    assert acceleration_error(true, true) == 0
    assert 3 < acceleration_error(joint_positions(captured, BODY), true) < 12


def test_summary_takes_medians_of_the_floor_and_means_of_the_rest() -> None:
    clips = [replace(Measures(*[0.0] * 11), slide_true=value, length=1.0, tilt=value) for value in (0.0, 1.0, 5.0)]
    summary = Measures.summary(clips)
    assert (summary.slide_true, summary.tilt, summary.length) == (2.0, 1.0, 1.0)
