"""Random weights that depend only on the tensors' names, so that networks of the same structure get the same ones."""

import zlib

import numpy as np
import torch
from torch import Tensor, nn

from tests.support.paths import DATA


def made_up_tensor(name: str, shape: torch.Size) -> Tensor:
    """Random numbers with a scale that keeps the features of deep networks finite and nonzero."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        values = random.uniform(0.5, 1.5, shape)
    elif len(shape) == 1:  # batch normalization's scales and shifts, and biases
        values = (0.6 if name.endswith("weight") else 0.0) + 0.1 * random.normal(size=shape)
    else:
        values = random.normal(size=shape) * (2 / np.prod(shape[1:])) ** 0.5
    return torch.from_numpy(np.asarray(values, np.float32))


def fill_by_name(model: nn.Module) -> nn.Module:
    """Set every tensor of a model to the random one of its name."""
    state = model.state_dict()
    made_up = {name: made_up_tensor(name, value.shape) for name, value in state.items() if value.dim()}
    model.load_state_dict(made_up, strict=False)  # not strict because of the counters of batch normalization
    return model


def made_up_crops() -> Tensor:
    """Random crops [2, 3, 256, 256] with values from 0 to 1."""
    return torch.from_numpy(np.random.default_rng(0).uniform(size=(2, 3, 256, 256)).astype(np.float32))


def tensor_names(model: nn.Module) -> set[str]:
    """Name and shape of each tensor."""
    return {f"{name} {tuple(t.shape)}" for name, t in model.state_dict().items() if t.dim()}


def reference(name: str) -> np.ndarray:
    """An array of the file that write_backbone_reference.py wrote."""
    with np.load(DATA / "backbones_reference.npz") as arrays:
        return arrays[name]
