"""The network's own estimate of how far each joint may be off."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.config import NUM_STATES
from tar_core.skeleton import NUM_JOINTS

_WIDTH = 128
_SMALLEST = 0.005  # meters; keeps the likelihood finite where a joint happens to be met exactly


class JointErrors(nn.Module):
    """Reads each joint's expected distance from the truth off the last states and the landmarks' residuals.

    Args:
        hidden: size of each of the 26 states.
        residuals: how many numbers say how far the body lies from the landmarks.
        calibration: (a, b): exp(a) s^b is given for the layers' own s, meters.
    """

    def __init__(self, hidden: int, residuals: int, calibration: tuple[float, float] = (0.0, 1.0)) -> None:
        super().__init__()
        self.calibration = calibration
        last = nn.Linear(_WIDTH, NUM_JOINTS - 1)
        nn.init.constant_(last.bias, -2.5)  # 8 cm
        self.layers = nn.Sequential(nn.Linear(NUM_STATES * hidden + residuals, _WIDTH), nn.GELU(), last)

    def forward(self, hidden: Tensor, residuals: Tensor) -> Tensor:
        """[B, 26, H] and [B, R] -> [B, 24] meters, of the joints' places from the pelvis; the pelvis's own is 0.

        No gradient flows back: the motion doesn't learn to please this estimate.
        """
        seen = torch.cat([hidden.flatten(1), residuals], 1).detach()
        own = F.softplus(self.layers(seen)) + _SMALLEST
        shift, power = self.calibration
        return F.pad(math.exp(shift) * own**power, (1, 0))


def joint_error_loss(expected: Tensor, joints: Tensor, truth: Tensor) -> Tensor:
    """Negative log-likelihood of the joints' distances d under exponential distributions of mean s: log s + d / s.

    Args:
        expected: [B, 24] s, meters, as `JointErrors` gives them; joints, truth: [B, 24, 3] meters, anywhere.
    """
    from_pelvis, target = (points - points[:, :1] for points in (joints.detach(), truth))
    distance = (from_pelvis - target).norm(dim=-1)[:, 1:]
    scale = expected[:, 1:]
    return (scale.log() + distance / scale).mean()
