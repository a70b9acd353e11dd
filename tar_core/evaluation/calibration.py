"""Reliability and calibration of a network's expected joint errors."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy.optimize import minimize

from tar_core.errors import TarError
from tar_core.evaluation.clips import Predictions
from tar_core.model.tar import TAR


def reliability(expected: np.ndarray, errors: np.ndarray, groups: int = 10) -> list[tuple[float, float]]:
    """Mean expected and mean actual error of groups of equal size, sorted by expected error.

    Args:
        expected, errors: [M] values of single joints, in the same unit.
    """
    order = np.argsort(expected)
    return [(float(expected[part].mean()), float(errors[part].mean())) for part in np.array_split(order, groups)]


def calibration_error(groups: Sequence[tuple[float, float]]) -> float:
    """Mean difference between the groups' expected and actual errors, divided by the mean actual error."""
    expected, actual = np.array(groups).T
    return float(np.abs(actual - expected).mean() / actual.mean())


def fit_calibration(expected: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Fit (a, b) so that exp(a) s^b is the most likely scale of exponentially distributed errors.

    Args:
        expected: [M] s, expected errors of single joints, meters.
        errors: [M] actual errors, meters.
    """
    # In single precision the minimizer's finite differences would round to zero.
    expected, errors = expected.astype(np.float64), errors.astype(np.float64)

    def loss(parameters: np.ndarray) -> float:
        log_scale = parameters[0] + parameters[1] * np.log(expected)
        return float((log_scale + errors * np.exp(-log_scale)).mean())

    shift, power = minimize(loss, np.array([0.0, 1.0])).x
    return float(shift), float(power)


def calibrate(model: TAR, predictions: Predictions) -> Iterator[str]:
    """Fit the model's calibration to every second clip and report its reliability on the other clips.

    Yields:
        The lines of the report.

    Raises:
        TarError: the network does not predict its errors.
    """
    if model.refinement.joint_errors is None or predictions.expected_errors is None:
        raise TarError("this network does not predict its errors; train one with joint_errors in its config")
    clips = np.arange(len(predictions.joints) // predictions.clip_length)
    shift, power = fit_calibration(*_joint_errors(predictions, clips[::2]))
    expected, errors = _joint_errors(predictions, clips[1::2])
    calibrated = np.exp(shift) * expected**power
    for name, values in (("before", expected), ("calibrated", calibrated)):
        groups = reliability(1000 * values, 1000 * errors)
        cells = ", ".join(f"{mean:.0f}/{actual:.0f}" for mean, actual in groups)
        yield f"{name:11}{100 * calibration_error(groups):4.0f} % off; expected/actual mm by tenths: {cells}"
    # Compose with the calibration the model already has: exp(shift) (exp(old_shift) s^old_power)^power.
    old_shift, old_power = model.config.joint_error_calibration
    composed = shift + power * old_shift, power * old_power
    model.config = replace(model.config, joint_error_calibration=composed)
    model.refinement.joint_errors.calibration.copy_(torch.tensor(composed))


def _joint_errors(predictions: Predictions, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected and actual errors [M] of all joints but the pelvis in the frames of some clips, meters."""
    assert predictions.expected_errors is not None
    rows = (clips[:, None] * predictions.clip_length + np.arange(predictions.clip_length)).ravel()
    return predictions.expected_errors[rows, 1:].ravel(), predictions.errors()[rows, 1:].ravel()
