"""Full precision for parts of the network that must not run in half precision."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def full_precision(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Disable autocast inside `function`: with 8 bits of precision, joints would be off by centimeters."""

    @wraps(function)
    def without_autocast(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        device = next((kind for kind in ("cuda", "cpu") if torch.is_autocast_enabled(kind)), None)
        if device is None:
            return function(*args, **kwargs)
        with torch.autocast(device, enabled=False):
            return function(*args, **kwargs)

    return without_autocast
