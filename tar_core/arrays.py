"""Functions for NumPy arrays and torch tensors alike.

Capture has arrays, and training has tensors with gradients. Formulas that both need, such as those of rotations and
cameras, are written once: they take arguments of either kind and return the same kind.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or torch.Tensor


def library(x: Array) -> Any:
    """The module numpy for an array, torch for a tensor; torch is imported only if there is a tensor."""
    if isinstance(x, np.ndarray | np.generic):
        return np
    import torch

    return torch


def stack(parts: Sequence[Array], axis: int = -1) -> Array:
    """Join along a new axis."""
    return library(parts[0]).stack(parts, axis)


def concatenate(parts: Sequence[Array], axis: int = 0) -> Array:
    """Join along an axis."""
    return library(parts[0]).concatenate(parts, axis)


def to_tensor(x: Array, device: Any = "cpu") -> Any:
    """A tensor on a torch device, with the memory of the argument where possible."""
    import torch

    return torch.as_tensor(x, device=device)
