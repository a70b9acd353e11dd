"""Convolutions with clipping, and packed convolutions."""

import pytest
import torch
from torch import nn

from tar_core.model.convolution import (
    ConvRelu6,
    PackedConv2d,
    PackedConvRelu6,
    PackedStridedConv,
    StridedConv,
    pack_convolutions,
)


def make_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 24, 3, stride=2, padding=1),
        ConvRelu6(24, 24, 5, padding=2, groups=24),
        nn.Sequential(nn.Conv2d(24, 40, 1, bias=False), nn.Conv2d(40, 8, 3, padding="same")),
        StridedConv(8, 8, groups=8),
    )


@pytest.mark.parametrize("channels_last", [False, True])
def test_packing_does_not_change_results(channels_last: bool) -> None:
    plain, packed = make_model(), pack_convolutions(make_model())
    with torch.inference_mode():
        for shape in ((1, 3, 16, 16), (4, 3, 16, 16), (2, 3, 9, 31)):
            x = torch.randn(shape)
            if channels_last:
                x = x.contiguous(memory_format=torch.channels_last)
            torch.testing.assert_close(packed(x), plain(x), atol=1e-5, rtol=1e-5)


def test_packed_convolutions_keep_gradients_and_state_dict() -> None:
    plain, packed = make_model(), pack_convolutions(make_model())
    assert packed.state_dict().keys() == plain.state_dict().keys()
    with torch.no_grad():
        packed(torch.randn(1, 3, 8, 8))
    assert packed.state_dict().keys() == plain.state_dict().keys()
    x = torch.randn(2, 3, 8, 8)
    for model in (plain, packed):
        model(x).sum().backward()
    torch.testing.assert_close(packed[0].weight.grad, plain[0].weight.grad)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs PyTorch with oneDNN")
def test_types_of_packed_convolutions() -> None:
    model = pack_convolutions(make_model())
    assert [type(module) for module in (*model[:2], *model[2], model[3])] == [
        PackedConv2d,
        PackedConvRelu6,
        PackedConv2d,
        nn.Conv2d,  # padding="same" is not packed
        PackedStridedConv,
    ]


def test_conv_relu6_clips_to_six() -> None:
    convolution = ConvRelu6(1, 1, 1, bias=False)
    nn.init.ones_(convolution.weight)
    assert convolution(torch.tensor([-1.0, 3.0, 9.0]).view(1, 1, 1, 3)).flatten().tolist() == [0, 3, 6]


@pytest.mark.parametrize("size, first", [(6, 0), (5, -1)])
def test_strided_padding_is_tensorflows(size: int, first: int) -> None:
    """The first window begins at `first`: even sizes are padded at the end only."""
    convolution = StridedConv(1, 1)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[..., 1 if first else 0, 1 if first else 0] = 1  # selects pixel 0 in the first window
        convolution.bias.zero_()
        x = torch.arange(size**2, dtype=torch.float32).view(1, 1, size, size) / size**2
        y = convolution(x)
    assert torch.equal(y, x[..., ::2, ::2][..., : y.shape[-2], : y.shape[-1]]) and y.shape[-1] == 3
