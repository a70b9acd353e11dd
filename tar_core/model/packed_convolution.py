"""Faster convolutions for inference on CPUs.

oneDNN, which does PyTorch's convolutions there, wants weights in a layout of its own, and PyTorch rearranges them anew
on every call: for one crop a fifth of BlazePose's time. Here they are rearranged once. The operators are those that
torch.compile's generated code calls; used directly they need no compiler on the user's machine.
"""

from typing import TypeVar

import torch
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)


class PackedConv2d(nn.Conv2d):
    """A convolution that keeps a copy of its weight in oneDNN's layout from its first inference on.

    With gradients, on a GPU and in other types than float32 it is an ordinary convolution.
    """

    packed_weight: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or x.device.type != "cpu" or x.dtype != torch.float32:
            return super().forward(x)
        geometry = (list(self.padding), list(self.stride), list(self.dilation), self.groups)
        if self.packed_weight is None:
            # The layout that suits this input's size; other sizes are computed correctly too.
            self.packed_weight = torch.ops.mkldnn._reorder_convolution_weight(self.weight, *geometry, list(x.shape))
        return torch.ops.mkldnn._convolution_pointwise(x, self.packed_weight, self.bias, *geometry, "none", [], "")


def pack_convolutions(model: Model) -> Model:
    """Makes the convolutions of `model` packed ones, in place; its weights must not change afterwards.

    Where PyTorch was built without oneDNN the model stays as it is.
    """
    available = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    for module in model.modules() if available else ():
        if type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str):
            module.__class__ = PackedConv2d  # the same data, another forward
    return model
