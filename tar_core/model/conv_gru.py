"""The convolutional GRU of the local temporal encoder."""

import torch
from torch import Tensor, nn


class ConvGRUCell(nn.Module):
    """A GRU with 3 x 3 convolutions instead of matrix products (paper, eq. 3-6; Ballas et al. 2016).

        z_t = sigmoid(W_z * x_t + U_z * h_{t-1})
        r_t = sigmoid(W_r * x_t + U_r * h_{t-1})
        q_t = tanh(W_q * x_t + U_q * (r_t h_{t-1}))
        h_t = (1 - z_t) h_{t-1} + z_t q_t

    where * is a convolution. The convolutions W * x depend on one frame only and are computed once for all windows.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.from_input = nn.Conv2d(inputs, 3 * hidden, 3, padding=1)  # W_z, W_r, W_q with their biases
        self.from_hidden = nn.Conv2d(hidden, 2 * hidden, 3, padding=1, bias=False)  # U_z, U_r
        self.from_reset = nn.Conv2d(hidden, hidden, 3, padding=1, bias=False)  # U_q

    def forward(self, from_input: Tensor, h: Tensor) -> Tensor:
        """Compute the next h [B, H, S, S] from W * x [B, 3 H, S, S] (the result of `from_input`) and h."""
        x_z, x_r, x_q = from_input.chunk(3, 1)
        h_z, h_r = self.from_hidden(h).chunk(2, 1)
        z = torch.sigmoid(x_z + h_z)
        r = torch.sigmoid(x_r + h_r)
        q = torch.tanh(x_q + self.from_reset(r * h))
        return (1 - z) * h + z * q

    def first(self, from_input: Tensor) -> Tensor:
        """Compute the first h, whose predecessor is zero, without convolving zeros."""
        x_z, _, x_q = from_input.chunk(3, 1)
        return torch.sigmoid(x_z) * torch.tanh(x_q)
