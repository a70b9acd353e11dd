"""The ConvGRU cell."""

import torch

from tar_core.model.conv_gru import ConvGRUCell


def convolve(x, weight, bias=None):
    """3 x 3 convolution with zero padding, written as a sum."""
    channels, height, width = x.shape
    padded = torch.zeros(channels, height + 2, width + 2, dtype=x.dtype)
    padded[:, 1:-1, 1:-1] = x
    y = torch.zeros(len(weight), height, width, dtype=x.dtype)
    for row in range(3):
        for column in range(3):
            y += torch.einsum("oc,chw->ohw", weight[:, :, row, column], padded[:, row:, column:][:, :height, :width])
    return y if bias is None else y + bias[:, None, None]


def paper_convgru(cell, inputs):
    """The paper's equations, frame by frame, starting with hidden maps of zero."""
    hidden = cell.hidden
    w_z, w_r, w_q = cell.from_input.weight.split(hidden)
    b_z, b_r, b_q = cell.from_input.bias.split(hidden)
    u_z, u_r = cell.from_hidden.weight.split(hidden)
    u_q = cell.from_reset.weight
    h = torch.zeros(hidden, *inputs.shape[2:], dtype=inputs.dtype)
    for x in inputs:
        z = torch.sigmoid(convolve(x, w_z, b_z) + convolve(h, u_z))
        r = torch.sigmoid(convolve(x, w_r, b_r) + convolve(h, u_r))
        q = torch.tanh(convolve(x, w_q, b_q) + convolve(r * h, u_q))
        h = (1 - z) * h + z * q
    return h


def test_convgru_equals_the_papers_equations():
    torch.manual_seed(0)
    cell = ConvGRUCell(3, 5).double()
    inputs = torch.randn(4, 3, 7, 6, dtype=torch.float64)
    h = torch.zeros(1, 5, 7, 6, dtype=torch.float64)
    for x in inputs:
        h = cell(cell.from_input(x[None]), h)
    torch.testing.assert_close(h[0], paper_convgru(cell, inputs))
    from_input = cell.from_input(inputs[:1])
    torch.testing.assert_close(cell.first(from_input), cell(from_input, torch.zeros_like(h)))
