"""Estimation of joint errors: its loss, and training without an effect on the motion."""

from dataclasses import replace

import pytest
import torch

from tar_core.model.joint_errors import JointErrors, joint_error_loss
from tests.support.tar_models import SMALL, build, random_track, window


def test_loss_is_minimal_if_the_expected_error_is_the_mean_distance():
    generator = torch.manual_seed(0)
    truth = torch.zeros(4000, 24, 3)
    joints = torch.randn(4000, 24, 3, generator=generator) * 0.05
    joints[:, 0] = 0
    mean = float(joints[:, 1:].norm(dim=-1).mean())

    def loss(scale):
        return float(joint_error_loss(torch.full((4000, 24), scale), joints, truth))

    assert loss(mean) < loss(0.9 * mean) and loss(mean) < loss(1.1 * mean)


def test_loss_is_independent_of_the_pelvis_position():
    truth = torch.rand(2, 24, 3, generator=torch.manual_seed(0))
    expected = torch.full((2, 24), 0.05)
    shifted = joint_error_loss(expected, truth + torch.tensor([1.0, 2, 3]), truth)
    assert float(shifted) == pytest.approx(float(joint_error_loss(expected, truth, truth)), abs=1e-4)


def test_joint_errors_learn_which_people_have_large_errors():
    """Half of the people have large errors, indicated by one number of a state."""
    torch.manual_seed(0)
    head = JointErrors(hidden=4, residuals=3)
    hard = (torch.rand(600) < 0.5).float()
    hidden, residuals = torch.randn(600, 26, 4), torch.zeros(600, 3)
    hidden[:, 5, 2] = hard
    joints = torch.randn(600, 24, 3) * (0.02 + 0.1 * hard)[:, None, None]
    joints[:, 0] = 0
    optimizer = torch.optim.Adam(head.parameters(), 3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        joint_error_loss(head(hidden, residuals), joints, torch.zeros_like(joints)).backward()
        optimizer.step()
    expected, distance = head(hidden, residuals)[:, 1:].detach(), joints[:, 1:].norm(dim=-1)
    for group in (hard > 0, hard == 0):
        assert float(expected[group].mean()) == pytest.approx(float(distance[group].mean()), rel=0.2)


def test_loss_has_no_gradient_outside_of_joint_errors():
    model, (features, camera) = build(replace(SMALL, joint_errors=True)), random_track(9)
    body = model(*window(features, camera, torch.arange(9)))[-1]
    assert body.joint_errors.shape == (1, 24) and (body.joint_errors[:, 1:] > 0).all()
    joint_error_loss(body.joint_errors, body.points.joints, torch.zeros(1, 24, 3)).backward()
    trained = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert trained and all(name.startswith("refinement.joint_errors") for name in trained)
