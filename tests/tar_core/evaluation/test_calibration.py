"""Reliability and calibration of expected errors, on made-up errors of a known distribution."""

import itertools
import json

import numpy as np
import pytest
import torch

from tar_core.errors import TarError
from tar_core.evaluation.calibration import calibrate, calibration_error, fit_calibration, reliability
from tar_core.evaluation.clips import Predictions
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import NUM_STATES, TAR_S, TARConfig
from tar_core.model.refinement import RESIDUAL_SIZE
from tests.support.tar_models import SMALL, build
from tests.tar_core.evaluation.test_clips import predictions

LENGTH = 9


def test_reliability_groups_are_sorted_and_match():
    random = np.random.default_rng(1)
    expected = random.uniform(10, 100, 20000)
    groups = reliability(expected, random.exponential(expected))
    assert len(groups) == 10
    assert calibration_error(groups) < 0.03
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(groups))
    assert calibration_error(reliability(2 * expected, random.exponential(expected))) > 0.5


def test_fit_calibration_finds_scale_and_power():
    random = np.random.default_rng(3)
    expected = random.uniform(0.01, 0.3, 50000)
    errors = random.exponential(np.exp(0.4) * expected**0.8)
    shift, power = fit_calibration(expected.astype(np.float32), errors.astype(np.float32))
    assert shift == pytest.approx(0.4, abs=0.05) and power == pytest.approx(0.8, abs=0.02)


def test_calibrated_network_predicts_fitted_errors():
    random = np.random.default_rng(4)
    truth = random.normal(size=(200 * LENGTH, 24, 3))
    expected = random.uniform(0.02, 0.2, truth.shape[:2])
    error = random.normal(size=truth.shape)
    error *= (random.exponential(2 * expected) / np.linalg.norm(error, axis=-1))[..., None]
    error[:, 0] = 0
    made_up = Predictions(truth + error, truth, expected, expected, LENGTH)
    model = build_tar(TAR_S)
    hidden, residuals = torch.randn(2, NUM_STATES, TAR_S.hidden), torch.randn(2, RESIDUAL_SIZE)
    before = model.refinement.joint_errors(hidden, residuals)
    lines = "\n".join(calibrate(model, made_up))
    assert "before" in lines and "calibrated" in lines
    after = model.refinement.joint_errors(hidden, residuals)
    torch.testing.assert_close(after, 2 * before, rtol=0.15, atol=0.005)
    again = TARConfig.from_dict(json.loads(json.dumps(model.config.to_dict())))
    assert again == model.config and again.joint_error_calibration[0] == pytest.approx(np.log(2), abs=0.3)


def test_network_without_expected_errors_is_refused():
    with pytest.raises(TarError, match="does not predict its errors"):
        next(calibrate(build(SMALL), predictions(0.0)))
