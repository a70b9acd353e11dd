"""The training losses: how far each step's body lies from the truth (paper, section 3.5)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from tar_core.camera.crop import CROP_SIZE
from tar_core.datasets.features import Truth
from tar_core.model.joint_errors import joint_error_loss
from tar_core.model.refinement import PosedBody


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms.

    `robust` takes absolute errors where the paper takes squared ones: synthetic truth is exact, so that large errors
    are ambiguities, which shouldn't rule the gradient. `acceleration` isn't in the paper either.
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
    """Sum over the initial estimate and each iteration l, weighted by discount^(last - l).

    Args:
        bodies: from the network, [B] each.
        run: B consists of runs of this many consecutive frames of one clip, for the acceleration term.
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
    """One body's weighted sum of the terms."""

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
    return joints - joints[:, :1]
