"""How learning rates and the running average of the weights depend on the step."""

import math
from collections.abc import Mapping

from torch import Tensor


def learning_rate_factor(step: int, steps: int, warmup: int) -> float:
    """The learning rate of a step over the largest one: it rises linearly, then falls to zero with a cosine.

    Args:
        step: number of steps before this one.
        steps: total number of steps.
        warmup: steps of the rise.
    """
    return min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / steps))


def update_average(averaged: Mapping[str, Tensor], weights: Mapping[str, Tensor], average: float, step: int) -> None:
    """Update the running average of weights in place; integers are copied.

    Args:
        averaged, weights: by name.
        average: largest decay of the average.
        step: number of steps before this one.
    """
    # At first the average follows quickly, so that it does not contain the random initial weights.
    decay = min(average, (1 + step) / (10 + step))
    for name, tensor in weights.items():
        if tensor.is_floating_point():
            averaged[name].lerp_(tensor, 1 - decay)
        else:
            averaged[name].copy_(tensor)
