"""Scores in the world: zero for the truth, and known values for known errors."""

from dataclasses import fields

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.world.scoring import (
    Scores,
    angle_between,
    contacts,
    root_errors,
    root_speeds,
    score_person,
    score_run,
    world_errors,
)
from tests.support.world_people import person_at, walker

ERRORS = ("pa", "mpjpe", "wa", "w", "rte", "root", "under", "floating", "missed")


def score(true, captured, found=None):
    everywhere = np.ones(len(true.frames), bool)
    return score_person(true, [captured], np.zeros(len(true.frames), int), everywhere if found is None else found, 30)


@pytest.mark.parametrize("speed", [0.0, 1.2])
def test_a_perfect_capture_has_no_errors(speed):
    true = walker(speed=speed)
    scores = score(true, true)
    for name in ERRORS:
        np.testing.assert_allclose(getattr(scores, name), 0, atol=1e-6, err_msg=name)
    for name in ("along", "across", "speed", "acceleration", "slide", "jitter"):
        np.testing.assert_array_equal(getattr(scores, name), getattr(scores, f"true_{name}"))


def test_root_speed_is_split_along_and_across_the_line_of_sight():
    true = walker(speed=1.5)
    joints = true.joints.copy()
    joints[:, :, 1] += 0.1 * np.arange(len(joints))[:, None] / 30
    along, across, speed = root_speeds(true, 30)
    np.testing.assert_allclose(speed, 1.5)
    np.testing.assert_allclose(np.hypot(along, across), 1.5)
    assert along[0] > 0.5 and along[50] < 0.02  # the person passes the camera in frame 50
    faster = person_at(joints, true.soles)
    np.testing.assert_allclose(root_speeds(faster, 30)[2], np.hypot(1.5, 0.1))


def test_acceleration_and_jitter_of_a_shaking_person():
    true = walker(speed=0.0)
    shake = 0.01 * (-1.0) ** np.arange(len(true.frames))
    shaking = person_at(true.joints + shake[:, None, None] * [0, 1, 0], true.soles)
    scores = score_run(true, shaking, 30)
    np.testing.assert_allclose(scores.acceleration, 0.04 * 900)
    np.testing.assert_allclose(scores.jitter, 0.08 * 30**3 / 10)
    np.testing.assert_allclose(scores.true_jitter, 0, atol=1e-9)


def test_world_errors_ignore_a_similarity_transform():
    target = walker().joints
    turn = Rotation.from_rotvec([0.1, -0.2, 0.7]).as_matrix()
    moved = 1.4 * target @ turn.T + [3, 2, 1]
    for errors in world_errors(moved, target):
        assert len(errors) == len(target)
        np.testing.assert_allclose(errors, 0, atol=1e-6)


def test_first_frame_alignment_shows_drift_that_whole_alignment_hides():
    target = walker().joints
    drift = np.linspace(0, 1, 100)[:, None, None] * [0, 1.0, 0]
    drifting = np.concatenate([target[:2], (target + drift)[2:]])
    whole, first = world_errors(drifting, target)
    np.testing.assert_allclose(first, 1000 * np.linspace(0, 1, 100) * (np.arange(100) >= 2), atol=1)
    assert whole.mean() < 0.5 * first.mean()


def test_segments_have_100_frames_and_short_remainders_are_dropped():
    target = walker(count=250).joints
    assert len(world_errors(target, target)[0]) == 250
    assert len(world_errors(target[:120], target[:120])[0]) == 100
    assert len(world_errors(target[:20], target[:20])[0]) == 0


def test_root_error_is_relative_to_the_path_and_does_not_align_the_scale():
    target = walker(count=101, speed=1.2).joints[:, 0]
    percent, mm = root_errors(1.1 * target @ Rotation.from_rotvec([0, 0, 1]).as_matrix(), target)
    np.testing.assert_allclose(mm, 100 * percent * 4.0 / 10)
    # A path that is 10 % too long is off by 5 % of the length at both ends and by 2.5 % on the mean.
    assert percent.max() == pytest.approx(5)
    assert percent.mean() == pytest.approx(2.5, abs=0.03)
    percent, mm = root_errors(target[:10], target[:10])
    assert len(percent) == 0 and len(mm) == 10


def test_sliding_counts_where_the_true_foot_is_in_contact():
    true = walker(speed=0.0)
    sliding = true.soles + np.arange(100)[:, None, None] * [0.004, 0, 0]
    np.testing.assert_allclose(score_run(true, person_at(true.joints, sliding), 30).slide, 4)
    assert contacts(true.soles, 30).all()
    assert not contacts(true.soles + [0, 0, 0.1], 30).any()
    assert not contacts(walker(speed=1.0).soles, 30).any()


@pytest.mark.parametrize(("height", "under", "floating"), [(-0.03, 1, 0), (-0.01, 0, 0), (0.01, 0, 0), (0.03, 0, 1)])
def test_soles_under_and_above_the_floor(height, under, floating):
    true, captured = walker(speed=0.0), walker(speed=0.0, height=height)
    scores = score_run(true, captured, 30)
    assert scores.under.mean() == under
    assert scores.floating.mean() == floating


def test_nobody_captured_is_missed_where_the_person_must_be_found():
    true = walker()
    found = np.arange(100) < 40
    scores = score_person(true, [], np.full(100, -1), found, 30)
    assert scores.missed.tolist() == [1.0] * 40
    assert len(scores.pa) == len(scores.speed) == 0


def test_speeds_are_not_measured_across_a_change_of_the_captured_person():
    true = walker()
    far = person_at(true.joints + [0, 1, 0], true.soles)
    match = np.repeat([0, 1], 50)
    scores = score_person(true, [true, far], match, np.ones(100, bool), 30)
    assert scores.speed.max() == pytest.approx(1.2)
    assert len(scores.speed) == 98
    assert scores.root.max() > 100


def test_pooled_scores_are_concatenated():
    one = Scores(pa=np.array([1.0]), switches=np.array([2.0]))
    pooled = Scores.pooled([one, one])
    assert pooled.pa.tolist() == [1, 1] and pooled.switches.tolist() == [2, 2]
    assert all(len(getattr(Scores.pooled([]), value.name)) == 0 for value in fields(Scores))


def test_angle_between_vectors():
    assert angle_between(np.array([0.0, 1, 0]), np.array([0.0, 0, 1])) == pytest.approx(90)
    assert angle_between(np.array([1.0, 0, 0]), np.array([1.0, 0, 0])) == 0
