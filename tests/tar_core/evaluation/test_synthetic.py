"""Scores and reliability on made-up predictions whose errors are known."""

import itertools
import json

import numpy as np
import pytest
import torch

from tar_core.evaluation.synthetic import (
    Predictions,
    calibrate,
    calibration_error,
    fit_calibration,
    main,
    reliability,
    report,
    score,
)
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import NUM_STATES, TAR_S, TARConfig
from tar_core.model.refinement import RESIDUAL_SIZE

CLIPS, LENGTH = 4, 9


def predictions(error, expected=None):
    """True joints that move at random, and predictions that are off by `error` [N, 24, 3] meters."""
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


def test_calibration_finds_scale_and_power():
    random = np.random.default_rng(3)
    told = random.uniform(0.01, 0.3, 50000)
    errors = random.exponential(np.exp(0.4) * told**0.8)
    shift, power = fit_calibration(told.astype(np.float32), errors.astype(np.float32))
    assert shift == pytest.approx(0.4, abs=0.05) and power == pytest.approx(0.8, abs=0.02)


def test_calibrated_network_tells_fitted_errors():
    random = np.random.default_rng(4)
    truth = random.normal(size=(200 * LENGTH, 24, 3))
    told = random.uniform(0.02, 0.2, truth.shape[:2])
    away = random.normal(size=truth.shape)
    away *= (random.exponential(2 * told) / np.linalg.norm(away, axis=-1))[..., None]
    away[:, 0] = 0
    made_up = Predictions(truth + away, truth, told, told, LENGTH)
    model = build_tar(TAR_S)
    hidden, residuals = torch.randn(2, NUM_STATES, TAR_S.hidden), torch.randn(2, RESIDUAL_SIZE)
    before = model.refinement.joint_errors(hidden, residuals)
    lines = "\n".join(calibrate(model, made_up))
    assert "before" in lines and "calibrated" in lines
    after = model.refinement.joint_errors(hidden, residuals)
    torch.testing.assert_close(after, 2 * before, rtol=0.15, atol=0.005)
    again = TARConfig.from_dict(json.loads(json.dumps(model.config.to_dict())))
    assert again == model.config and again.joint_error_calibration[0] == pytest.approx(np.log(2), abs=0.3)


def test_the_report_names_every_joint_and_the_reliability():
    error = 0.05 * np.random.default_rng(2).normal(size=(CLIPS * LENGTH, 24, 3))
    lines = "\n".join(report(predictions(error, np.full((CLIPS * LENGTH, 24), 0.08))))
    assert "left_wrist" in lines and "calibration error" in lines
    assert "calibration" not in "\n".join(report(predictions(error)))


def test_missing_features_are_one_line(tmp_path, capsys):
    assert main(["--features", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
