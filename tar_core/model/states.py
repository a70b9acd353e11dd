"""The 26 disentangled hidden states: layers with separate weights for each state, and the estimate they encode.

State 0 is the global orientation, 1 to 23 the joints, 24 the shape, and 25 the camera (as in ReFit, Wang and Daniilidis
2023).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tar_core.model.config import NUM_STATES
from tar_core.skeleton import NUM_BETAS, NUM_JOINTS

SHAPE_STATE, CAMERA_STATE = NUM_JOINTS, NUM_JOINTS + 1
CAMERA_SIZE = 3


@dataclass
class Estimate:
    """The network's output (theta, beta, pi), or a correction of it.

    Attributes:
        rotation_6d: [B, 24, 6] theta: global orientation (in the rolled camera) and joint rotations.
        betas: [B, 10] beta: SMPL shape.
        crop_camera: [B, 3] pi: (s, tx, ty) of CLIFF's crop camera.
    """

    rotation_6d: Tensor
    betas: Tensor
    crop_camera: Tensor

    SIZE = 6 * NUM_JOINTS + NUM_BETAS + CAMERA_SIZE

    def __add__(self, update: "Estimate") -> "Estimate":
        return Estimate(
            self.rotation_6d + update.rotation_6d,
            self.betas + update.betas,
            self.crop_camera + update.crop_camera,
        )

    def to_vector(self) -> Tensor:
        """Concatenate all numbers to [B, SIZE]."""
        return torch.cat([self.rotation_6d.flatten(1), self.betas, self.crop_camera], 1)

    def per_state(self) -> Tensor:
        """Numbers of each state [B, 26, 10], padded with zeros to the ten of the shape."""
        parts = self.rotation_6d, self.betas[:, None], self.crop_camera[:, None]
        return torch.cat([F.pad(part, (0, NUM_BETAS - part.shape[-1])) for part in parts], 1)


class StateLinear(nn.Module):
    """A separate linear layer for each state: [B, states, inputs] to [B, states, outputs]."""

    def __init__(self, states: int, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(states, inputs, outputs) / math.sqrt(inputs))
        self.bias = nn.Parameter(torch.zeros(states, outputs)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        y = torch.bmm(x.transpose(0, 1), self.weight).transpose(0, 1)
        return y if self.bias is None else y + self.bias


class StateGRU(nn.Module):
    """A GRU cell (Cho et al. 2014) for each state, with a shared context and the state's numbers as input x.

    z  = sigmoid(W_z x + U_z h)
    r  = sigmoid(W_r x + U_r h)
    n  = tanh(W_n x + r (U_n h))
    h' = (1 - z) n + z h
    """

    def __init__(self, context: int, own: int, hidden: int, states: int = NUM_STATES) -> None:
        super().__init__()
        self.states, self.hidden = states, hidden
        self.from_context = nn.Linear(context, states * 3 * hidden)
        self.from_own = StateLinear(states, own, 3 * hidden, bias=False)
        self.from_hidden = StateLinear(states, hidden, 3 * hidden)

    def forward(self, context: Tensor, own: Tensor, h: Tensor) -> Tensor:
        """Compute the next h from the context [B, C], the states' numbers [B, states, O] and h [B, states, H]."""
        x = self.from_context(context).view(-1, self.states, 3 * self.hidden) + self.from_own(own)
        x_z, x_r, x_n = x.chunk(3, -1)
        h_z, h_r, h_n = self.from_hidden(h).chunk(3, -1)
        z = torch.sigmoid(x_z + h_z)
        r = torch.sigmoid(x_r + h_r)
        n = torch.tanh(x_n + r * h_n)
        return (1 - z) * n + z * h


class StateRegressors(nn.Module):
    """Regresses an estimate, or a correction of it, from the 26 hidden states with a linear layer for each.

    Args:
        inputs: size of each state.
        scale: standard deviation of the initial weights; small, so that training starts at the biases.
    """

    def __init__(self, inputs: int, scale: float = 0.01) -> None:
        super().__init__()
        self.rotation = StateLinear(NUM_JOINTS, inputs, 6)
        self.shape = nn.Linear(inputs, NUM_BETAS)
        self.camera = nn.Linear(inputs, CAMERA_SIZE)
        for layer in (self.rotation, self.shape, self.camera):
            nn.init.normal_(layer.weight, std=scale)
        nn.init.zeros_(self.shape.bias)
        nn.init.zeros_(self.camera.bias)

    def forward(self, states: Tensor) -> Estimate:
        """Regress the estimate from states [B, 26, inputs], in the precision of the weights even under autocast."""
        precision = self.rotation.weight.dtype
        return Estimate(
            rotation_6d=self.rotation(states[:, :NUM_JOINTS]).to(precision),
            betas=self.shape(states[:, SHAPE_STATE]).to(precision),
            crop_camera=self.camera(states[:, CAMERA_STATE]).to(precision),
        )

    @torch.no_grad()
    def set_mean(self, mean: Estimate) -> None:
        """Set the biases to a mean estimate [1], from which training starts."""
        self.rotation.bias.copy_(mean.rotation_6d[0])  # type: ignore[union-attr]
        self.shape.bias.copy_(mean.betas[0])
        self.camera.bias.copy_(mean.crop_camera[0])
