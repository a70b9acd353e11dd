"""The training losses."""

from dataclasses import replace

import pytest
import torch

from tar_core.body.model import BodyPoints
from tar_core.camera.crop import CROP_SIZE
from tar_core.datasets.features import Truth
from tar_core.model.refinement import PosedBody, pose_body
from tar_core.model.states import Estimate
from tar_core.rotations import matrix_to_rotation_6d
from tar_core.training.losses import LossConfig, body_loss, from_pelvis, refinement_loss
from tests.support.tar_models import build

FRAMES = 8
OFF = LossConfig(joints_3d=0, joints_2d=0, rotations=0, betas=0, acceleration=0, joint_errors=0)


@pytest.fixture
def truth() -> Truth:
    generator = torch.manual_seed(0)
    rotations = torch.eye(3).expand(FRAMES, 24, 3, 3)
    joints = torch.randn(FRAMES, 24, 3, generator=generator)
    return Truth(rotations, torch.zeros(FRAMES, 10), joints, torch.full((FRAMES, 24, 2), 100.0))


def posed(truth: Truth) -> PosedBody:
    """A body that agrees with the truth."""
    none = torch.zeros(FRAMES, 0, 3)
    return PosedBody(
        estimate=Estimate(torch.zeros(FRAMES, 24, 6), truth.betas.clone(), torch.zeros(FRAMES, 3)),
        rotations=truth.rotations.clone(),
        translation=torch.zeros(FRAMES, 3),
        points=BodyPoints(truth.joints.clone(), none, none),
        joints_2d=truth.joints_2d.clone(),
        markers_2d=none[..., :2],
        landmarks_2d=none[..., :2],
    )


def loss_of(body: PosedBody, truth: Truth, **weights: float) -> float:
    return float(body_loss(body, truth, replace(OFF, **weights), run=FRAMES))


def test_position_of_the_pelvis_is_not_in_the_3d_loss(truth: Truth) -> None:
    body = posed(truth)
    body.points.joints += torch.tensor([1.0, 2.0, 3.0])
    assert loss_of(body, truth, joints_3d=1, acceleration=1) == pytest.approx(0, abs=1e-6)
    assert from_pelvis(body.points.joints)[:, 0].abs().max() == 0


def test_each_term_has_its_weight(truth: Truth) -> None:
    body = posed(truth)
    body.points.joints[:, 1:, 0] += 0.1
    assert loss_of(body, truth, joints_3d=8) == pytest.approx(8 * 0.1 * 23 / 24 / 3, rel=1e-5)
    body.joints_2d += CROP_SIZE / 2
    assert loss_of(body, truth, joints_2d=3) == pytest.approx(3)
    body.rotations += 0.5
    assert loss_of(body, truth, rotations=2) == pytest.approx(1.0)
    body.estimate.betas[:] = 3.0
    assert loss_of(body, truth, betas=0.02) == pytest.approx(0.18)


def test_squared_errors_as_in_the_paper(truth: Truth) -> None:
    body = posed(truth)
    body.rotations += 0.5
    assert float(body_loss(body, truth, replace(OFF, rotations=1, robust=False), run=FRAMES)) == pytest.approx(0.25)


def test_acceleration_is_computed_within_each_clip(truth: Truth) -> None:
    """A constant error has no acceleration; neither has a jump between two clips."""
    body = posed(truth)
    body.points.joints[FRAMES // 2 :, 1:] += 0.1
    config = replace(OFF, acceleration=1)
    assert float(body_loss(body, truth, config, run=FRAMES)) > 0.01
    assert float(body_loss(body, truth, config, run=FRAMES // 2)) == pytest.approx(0, abs=1e-6)


def test_earlier_iterations_are_discounted(truth: Truth) -> None:
    wrong = posed(truth)
    wrong.rotations += 1.0
    config = replace(OFF, rotations=1, discount=0.5)
    assert float(refinement_loss([wrong, posed(truth), posed(truth)], truth, config, FRAMES)) == pytest.approx(0.25)
    assert float(refinement_loss([posed(truth), posed(truth), wrong], truth, config, FRAMES)) == pytest.approx(1.0)


def test_joint_errors_of_the_last_iteration_add_a_loss(truth: Truth) -> None:
    body = posed(truth)
    before = float(refinement_loss([body], truth, replace(OFF, joint_errors=1), FRAMES))
    body.joint_errors = torch.full((FRAMES, 24), 0.05)
    assert before == 0 and float(refinement_loss([body], truth, replace(OFF, joint_errors=1), FRAMES)) != 0


def test_true_body_has_no_loss(clips):
    """The loss of the ground truth is zero, hence truth and prediction use the same coordinates."""
    model, batch = build(), clips.batch([0, 1])
    all_frames = torch.arange(2 * 9)
    truth = batch.truth(model.body, all_frames)
    # Rotating the body about the camera also rotates its pelvis offset (see frame_results).
    pelvis = model.body(truth.rotations, truth.betas).joints[:, 0]
    crop_camera = batch.camera.crop_camera(truth.joints[:, 0] - pelvis)
    body = pose_body(
        model.body, Estimate(matrix_to_rotation_6d(truth.rotations), truth.betas, crop_camera), batch.camera
    )
    assert float(body_loss(body, truth, LossConfig(), run=9)) < 1e-4
