"""The training losses: distances between each refinement step's body and the ground truth (paper, section 3.5)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from tar_core.camera.crop import CROP_SIZE
from tar_core.datasets.features import Truth
from tar_core.model.joint_errors import joint_error_loss
from tar_core.model.refinement import PosedBody


@dataclass(frozen=True)
class LossConfig:
    """Weights of the loss terms.

    Attributes:
        joints_3d: of joints relative to the pelvis, meters.
        joints_2d: of projected joints, in units of half the crop.
        rotations: of the joints' rotation matrices.
        betas: of the shape, always squared.
        acceleration: of the joints' acceleration, meters / frame^2. Not in the paper.
        joint_errors: of the network's estimate of its errors. Not in the paper.
        discount: factor on the loss from each refinement step to the one before it.
        robust: use absolute errors instead of the paper's squared errors. Synthetic ground truth is exact, so that
            large errors come from ambiguities, which should not dominate the gradient.
    """

    joints_3d: float = 8.0
    joints_2d: float = 3.0
    rotations: float = 1.0
    betas: float = 0.02
    acceleration: float = 4.0
    joint_errors: float = 0.05
    discount: float = 0.85
    robust: bool = True


def refinement_loss(bodies: list[PosedBody], truth: Truth, config: LossConfig, run: int) -> Tensor:
    """Sum the losses of the initial estimate and of each refinement step l, weighted by discount^(last - l).

    Args:
        bodies: the network's bodies after each step, [B] each.
        truth: [B].
        run: number of consecutive frames of a clip; B consists of such runs. For the acceleration term.
    """
    last = len(bodies) - 1
    losses = (
        config.discount ** (last - step) * body_loss(body, truth, config, run) for step, body in enumerate(bodies)
    )
    total = torch.stack(list(losses)).sum()
    expected = bodies[-1].joint_errors
    if expected is not None:
        total = total + config.joint_errors * joint_error_loss(expected, bodies[-1].points.joints, truth.joints)
    return total


def body_loss(body: PosedBody, truth: Truth, config: LossConfig, run: int) -> Tensor:
    """Compute the weighted sum of the terms for one step's bodies; see `refinement_loss`."""

    def error(difference: Tensor) -> Tensor:
        return (difference.abs() if config.robust else difference**2).mean()

    joints, target = from_pelvis(body.points.joints), from_pelvis(truth.joints)
    pixels = (body.joints_2d - truth.joints_2d) / (CROP_SIZE / 2)
    loss = config.joints_3d * error(joints - target)
    loss = loss + config.joints_2d * error(pixels)
    loss = loss + config.rotations * error(body.rotations - truth.rotations)
    loss = loss + config.betas * ((body.estimate.betas - truth.betas) ** 2).mean()
    if config.acceleration and run > 2:
        difference = (joints - target).view(-1, run, *joints.shape[1:])
        second = difference[:, 2:] - 2 * difference[:, 1:-1] + difference[:, :-2]
        loss = loss + config.acceleration * error(second)
    return loss


def from_pelvis(joints: Tensor) -> Tensor:
    """Joints [B, 24, 3] relative to the pelvis."""
    return joints - joints[:, :1]
