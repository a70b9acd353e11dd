"""Estimation of the error of each joint by the network."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.config import NUM_STATES
from tar_core.skeleton import NUM_JOINTS

_WIDTH = 128
_MIN_ERROR = 0.005  # meters; keeps the likelihood finite if a joint happens to be exact


class JointErrors(nn.Module):
    """Estimates the expected error of each joint from the last hidden states and the landmark residuals.

    Args:
        hidden: size of each of the 26 states.
        residuals: size of the landmark residuals.
        calibration: (a, b); the result is exp(a) s^b for the output s of the layers, meters.
    """

    calibration: Tensor

    def __init__(self, hidden: int, residuals: int, calibration: tuple[float, float] = (0.0, 1.0)) -> None:
        super().__init__()
        self.register_buffer("calibration", torch.tensor(calibration), persistent=False)  # part of the configuration
        last = nn.Linear(_WIDTH, NUM_JOINTS - 1)
        nn.init.constant_(last.bias, -2.5)  # 8 cm
        self.layers = nn.Sequential(nn.Linear(NUM_STATES * hidden + residuals, _WIDTH), nn.GELU(), last)

    def forward(self, hidden: Tensor, residuals: Tensor) -> Tensor:
        """Estimate the errors [B, 24] of the joints relative to the pelvis, meters; that of the pelvis is 0.

        No gradient flows back to the arguments, so that the motion is not trained for this estimate.

        Args:
            hidden: [B, 26, H] states.
            residuals: [B, R] landmark residuals.
        """
        inputs = torch.cat([hidden.flatten(1), residuals], 1).detach()
        errors = F.softplus(self.layers(inputs)) + _MIN_ERROR
        shift, power = self.calibration[0], self.calibration[1]
        return F.pad(shift.exp() * errors.pow(power), (1, 0))


def joint_error_loss(expected: Tensor, joints: Tensor, truth: Tensor) -> Tensor:
    """Negative log-likelihood of the errors d for exponential distributions with mean s: log s + d / s.

    Args:
        expected: [B, 24] expected errors s from `JointErrors`, meters.
        joints: [B, 24, 3] estimated joints, meters.
        truth: [B, 24, 3] true joints, meters. Only positions relative to the pelvis are compared.
    """
    from_pelvis, target = (points - points[:, :1] for points in (joints.detach(), truth))
    distance = (from_pelvis - target).norm(dim=-1)[:, 1:]
    scale = expected[:, 1:]
    return (scale.log() + distance / scale).mean()
