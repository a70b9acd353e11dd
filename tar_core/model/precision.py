"""What must not be computed in half precision, even where the network is."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def full_precision(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Keeps torch's autocast off inside `function`: eight bits would move joints by centimeters and pixels by one."""

    @wraps(function)
    def without_autocast(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        device = next((kind for kind in ("cuda", "cpu") if torch.is_autocast_enabled(kind)), None)
        if device is None:
            return function(*args, **kwargs)
        with torch.autocast(device, enabled=False):
            return function(*args, **kwargs)

    return without_autocast
