"""LTE, the local temporal encoder."""

from dataclasses import replace

import pytest
import torch

from tar_core.model.config import PAPER
from tar_core.model.local_encoder import ConvGRUCell, LocalTemporalEncoder

SMALL = replace(PAPER, map_channels=6, local_channels=4)


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


def test_both_branches_end_at_the_middle_frame():
    torch.manual_seed(0)
    encoder = LocalTemporalEncoder(replace(SMALL, map_channels=4)).double()
    maps = torch.randn(1, 5, 4, 64, 64, dtype=torch.float64)
    past = paper_convgru(encoder.past, maps[0, [0, 1, 2]])
    future = paper_convgru(encoder.future, maps[0, [4, 3, 2]])
    expected = encoder.output(torch.cat([past, future])[None])
    torch.testing.assert_close(encoder(maps), expected)


@pytest.mark.parametrize("size", [64, 16])
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("concat", [False, True])
@pytest.mark.parametrize("length", [3, 5, 7])
def test_encode_windows_equals_forward(size, skip, concat, length):
    torch.manual_seed(0)
    config = replace(SMALL, local_size=size, local_skip=skip, local_concat=concat, local_length=length)
    encoder = LocalTemporalEncoder(config).double()
    torch.nn.init.normal_(encoder.output.weight)
    maps = torch.randn(9, 6, 64, 64, dtype=torch.float64)
    index = torch.stack([torch.arange(start, start + length) for start in (0, 1, 2)])
    with torch.no_grad():
        torch.testing.assert_close(encoder.encode_windows(encoder.encode_frames(maps), index), encoder(maps[index]))


@pytest.mark.parametrize(("size", "concatenates"), [(64, False), (16, True)])
def test_local_concat_has_an_effect_only_for_reduced_maps(size, concatenates):
    torch.manual_seed(0)
    encoder = LocalTemporalEncoder(replace(SMALL, local_size=size, map_channels=4, local_concat=True))
    assert encoder.output.in_channels == (12 if concatenates else 8)
