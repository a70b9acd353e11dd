"""Scores and reliability on made-up predictions whose errors are known."""

import itertools

import numpy as np
import pytest

from tar_core.evaluation.synthetic import Predictions, calibration_error, main, reliability, report, score

CLIPS, LENGTH = 4, 9


def predictions(error, expected=None):
    """True joints that move at random, and predictions that are off by `error` [N, 24, 3] metres."""
    truth = np.random.default_rng(0).normal(size=(CLIPS * LENGTH, 24, 3))
    return Predictions(truth + error, truth, np.full(truth.shape[:2], 3.0), expected, LENGTH)


def test_a_shift_of_everything_is_no_error():
    scores = score(predictions(np.array([1.0, -2.0, 0.5])))
    assert scores.mpjpe == pytest.approx(0, abs=1e-9) and scores.pa == pytest.approx(0, abs=1e-9)
    assert scores.acceleration == pytest.approx(0, abs=1e-9) and scores.pixels == 3


def test_one_wrong_joint_of_twelve_counts_a_twelfth():
    error = np.zeros((CLIPS * LENGTH, 24, 3))
    error[:, 20, 2] = 0.12  # the left wrist
    assert score(predictions(error)).mpjpe == pytest.approx(10)
    assert predictions(error).errors().max() == pytest.approx(0.12)


def test_acceleration_does_not_cross_clips():
    """Each clip shifts one joint by its own constant: nothing accelerates within a clip."""
    error = np.zeros((CLIPS * LENGTH, 24, 3))
    error[:, 20, 0] = np.repeat(np.arange(CLIPS), LENGTH)
    assert score(predictions(error)).acceleration == pytest.approx(0, abs=1e-9)


def test_reliability_tells_sure_from_unsure():
    random = np.random.default_rng(1)
    expected = random.uniform(10, 100, 20000)
    groups = reliability(expected, random.exponential(expected))
    assert len(groups) == 10
    assert calibration_error(groups) < 0.03
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(groups))
    assert calibration_error(reliability(2 * expected, random.exponential(expected))) > 0.5


def test_the_report_names_every_joint_and_the_reliability():
    error = 0.05 * np.random.default_rng(2).normal(size=(CLIPS * LENGTH, 24, 3))
    lines = "\n".join(report(predictions(error, np.full((CLIPS * LENGTH, 24), 0.08))))
    assert "left_wrist" in lines and "calibration error" in lines
    assert "calibration" not in "\n".join(report(predictions(error)))


def test_missing_features_are_one_line(tmp_path, capsys):
    assert main(["--features", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
