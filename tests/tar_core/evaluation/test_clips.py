"""Predictions on cached clips, and scores of made-up predictions with known errors."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from tar_core.evaluation.clips import Predictions, constant_pose_error, refine_frames, score
from tests.support.tar_models import build, double

CLIPS, LENGTH = 4, 9


def predictions(error, expected=None):
    """Random true joints, and predictions that deviate from them by `error` [N, 24, 3], meters."""
    truth = np.random.default_rng(0).normal(size=(CLIPS * LENGTH, 24, 3))
    return Predictions(truth + error, truth, np.full(truth.shape[:2], 3.0), expected, LENGTH)


def test_constant_offset_has_no_error():
    scores = score(predictions(np.array([1.0, -2.0, 0.5])))
    assert scores.mpjpe == pytest.approx(0, abs=1e-9) and scores.pa == pytest.approx(0, abs=1e-9)
    assert scores.acceleration == pytest.approx(0, abs=1e-9) and scores.pixels == 3


def test_error_of_one_joint_is_averaged_over_twelve():
    error = np.zeros((CLIPS * LENGTH, 24, 3))
    error[:, 20, 2] = 0.12  # the left wrist
    assert score(predictions(error)).mpjpe == pytest.approx(10)
    assert predictions(error).errors().max() == pytest.approx(0.12)


def test_acceleration_is_computed_within_clips():
    """One joint is offset by a constant of each clip, so that nothing accelerates within a clip."""
    error = np.zeros((CLIPS * LENGTH, 24, 3))
    error[:, 20, 0] = np.repeat(np.arange(CLIPS), LENGTH)
    assert score(predictions(error)).acceleration == pytest.approx(0, abs=1e-9)


def test_constant_pose_has_no_error_if_only_the_camera_differs():
    """Turned, scaled and moved copies of one pose have it as their mean; other poses do not."""
    random = np.random.default_rng(1)
    pose = random.normal(size=(24, 3))
    turns = Rotation.random(36, random_state=2).as_matrix()
    truth = random.uniform(0.5, 2, (36, 1, 1)) * (pose @ turns) + random.normal(size=(36, 1, 3))
    same = replace(predictions(0.0), truth=truth)
    assert constant_pose_error(same) == pytest.approx(0, abs=1e-6)
    bent = truth.copy()
    bent[::2, 20] += 0.5  # the left wrist
    assert constant_pose_error(replace(same, truth=bent)) > 10


def test_refine_frames_equals_the_model_on_windows(clips):
    model, batch = build().double(), clips.batch([0, 1])
    features, camera = double(batch.features, batch.camera)
    batch = replace(batch, features=features, camera=camera)
    with torch.no_grad():
        bodies = refine_frames(model, batch, torch.tensor([4, 13]), LENGTH)
        windows = torch.stack([torch.arange(9), 9 + torch.arange(9)])
        expected = model(batch.features[windows], batch.camera[windows])
    torch.testing.assert_close(bodies[-1].joints_2d, expected[-1].joints_2d, atol=1e-6, rtol=0)
