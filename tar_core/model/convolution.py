"""Convolutions with clipping to [0, 6], and faster convolutions for inference on CPUs.

On CPUs, PyTorch uses oneDNN for convolutions, which needs the weights in its own memory layout. PyTorch converts them
on every call, and clipping takes another pass over the result. `pack_convolutions` converts the weights once and clips
inside the convolution, with the operators that torch.compile uses, but without needing a compiler on the user's
machine.
"""

from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)


class ConvRelu6(nn.Conv2d):
    """A convolution with clipping to [0, 6], the activation of MobileNet and similar networks."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu6(super().forward(x), inplace=True)


class StridedConv(ConvRelu6):
    """A convolution of stride 2 with TensorFlow's SAME padding: one more right and bottom than left and top if even."""

    def __init__(self, channels: int, output_channels: int, groups: int = 1, kernel: int = 3) -> None:
        super().__init__(channels, output_channels, kernel, stride=2, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        after = self.kernel_size[0] // 2
        before = after - 1 + x.shape[-1] % 2
        return super().forward(F.pad(x, (before, after, before, after)))


class PackedConv2d(nn.Conv2d):
    """A convolution that keeps a copy of its weight in oneDNN's layout after the first inference.

    With gradients, on a GPU, or with other types than float32, it is an ordinary convolution.
    """

    activation: tuple[Any, ...] = ("none", [], "")  # as named by oneDNN's operators
    packed_weight: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or x.device.type != "cpu" or x.dtype != torch.float32:
            return super().forward(x)
        geometry = (list(self.padding), list(self.stride), list(self.dilation), self.groups)
        onednn = torch.ops.mkldnn
        if self.packed_weight is None:
            # The layout is optimal for this input size; other sizes also work.
            self.packed_weight = onednn._reorder_convolution_weight(self.weight, *geometry, list(x.shape))
        return onednn._convolution_pointwise(x, self.packed_weight, self.bias, *geometry, *self.activation)


class PackedConvRelu6(PackedConv2d, ConvRelu6):
    """`PackedConv2d` for `ConvRelu6`."""

    activation = ("hardtanh", [0.0, 6.0], "")


class PackedStridedConv(StridedConv, PackedConvRelu6):
    """`PackedConv2d` for `StridedConv`."""


PACKED: dict[type[nn.Conv2d], type[PackedConv2d]] = {
    nn.Conv2d: PackedConv2d,
    ConvRelu6: PackedConvRelu6,
    StridedConv: PackedStridedConv,
}


def pack_convolutions(model: Model) -> Model:
    """Replace the convolutions of a model with packed ones, in place. Its weights must not change afterwards.

    If PyTorch was built without oneDNN, the model is unchanged.
    """
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise")):
        return model
    for module in model.modules():
        if not isinstance(module, nn.Conv2d) or type(module) not in PACKED:
            continue
        if module.padding_mode == "zeros" and not isinstance(module.padding, str):
            module.__class__ = PACKED[type(module)]  # same data, different forward
    return model
