"""Training a network whose batch normalization was folded into its convolutions.

Folded weights differ in size by orders of magnitude from channel to channel, but an optimizer such as Adam moves all
weights by about the learning rate. So small weights are destroyed before large ones learn anything. `unfold` measures
the output of each channel. Then it trains weights for outputs of unit variance, and the gain and the offset of each
channel, as batch normalization with fixed statistics would. The network computes the same as before. `folded_state`
gives the weights of plain convolutions.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

MIN_DEVIATION = 0.01  # of a channel, relative to the mean of its layer: many channels of BlazePose never change


class _ScaledWeight(nn.Module):
    """The weight of a convolution from one for outputs of unit variance.

    Args:
        deviation: [C] standard deviation of the output's channels.
    """

    deviation: Tensor

    def __init__(self, deviation: Tensor) -> None:
        super().__init__()
        self.register_buffer("deviation", deviation[:, None, None, None])
        self.gain = nn.Parameter(torch.zeros_like(self.deviation))

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.deviation * (1 + self.gain)

    def right_inverse(self, weight: Tensor) -> Tensor:
        return weight / self.deviation


class _ScaledBias(nn.Module):
    """The bias of a convolution from its change in standard deviations of the output."""

    deviation: Tensor
    start: Tensor

    def __init__(self, deviation: Tensor, start: Tensor) -> None:
        super().__init__()
        self.register_buffer("deviation", deviation)
        self.register_buffer("start", start.detach().clone())

    def forward(self, change: Tensor) -> Tensor:
        return self.start + self.deviation * change

    def right_inverse(self, bias: Tensor) -> Tensor:
        return (bias - self.start) / self.deviation


def convolutions(model: nn.Module) -> list[nn.Conv2d]:
    """The convolutions of a model."""
    return [module for module in model.modules() if isinstance(module, nn.Conv2d)]


@torch.no_grad()
def unfold(model: nn.Module, run: Callable[[], object]) -> None:
    """Let a network be trained at one learning rate, in place.

    Args:
        run: runs the network on typical images, whose outputs are measured.
    """
    layers = convolutions(model)
    for layer, deviation in zip(layers, output_deviations(layers, run), strict=True):
        parametrize.register_parametrization(layer, "weight", _ScaledWeight(deviation))
        if layer.bias is not None:
            parametrize.register_parametrization(layer, "bias", _ScaledBias(deviation, layer.bias))


@torch.no_grad()
def folded_state(model: nn.Module) -> dict[str, Tensor]:
    """The weights of a network after `unfold`, as those of the plain network, which computes the same."""
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
    state = {f"{name}.weight": layer.weight for name, layer in layers.items()}
    return state | {f"{name}.bias": layer.bias for name, layer in layers.items() if layer.bias is not None}


@torch.no_grad()
def output_deviations(layers: list[nn.Conv2d], run: Callable[[], object]) -> list[Tensor]:
    """For each convolution, the standard deviation [C] of its channels before they are clipped."""
    found: dict[nn.Conv2d, Tensor] = {}

    def measure(layer: nn.Module, inputs: tuple[Tensor], _: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        raw = layer._conv_forward(inputs[0], layer.weight, layer.bias)
        deviation = raw.transpose(0, 1).flatten(1).std(1)
        found[layer] = deviation.clamp_min(MIN_DEVIATION * float(deviation.mean()) + 1e-6)

    hooks = [layer.register_forward_hook(measure) for layer in layers]
    run()
    for hook in hooks:
        hook.remove()
    return [found[layer] for layer in layers]
