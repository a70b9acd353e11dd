"""LTE, the local temporal encoder."""

from dataclasses import replace

import pytest
import torch

from tar_core.model.config import PAPER
from tar_core.model.local_encoder import LocalTemporalEncoder
from tests.tar_core.model.test_conv_gru import paper_convgru

SMALL = replace(PAPER, map_channels=6, local_channels=4)


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
