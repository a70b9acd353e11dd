"""Checkpoints: configuration and weights of a network in one safetensors file."""

import json
from pathlib import Path

import torch
from safetensors.torch import save

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.model.config import TARConfig
from tar_core.model.tar import TAR
from tar_core.model.weights import CHECKPOINT_FORMAT, Checkpoint, read_checkpoint


def build_tar(config: TARConfig) -> TAR:
    """Build an untrained network for the free body."""
    return TAR(config, BodyModel(load_body()))


def save_tar(model: TAR, path: str | Path, half: bool = True, notes: dict[str, str] | None = None) -> None:
    """Write a checkpoint. It does not contain the body and the backbone, which have their own files.

    Args:
        half: store half-precision floats (for distribution) instead of full precision (for further training).
        notes: additional text entries for the file's metadata (license, training run).

    Raises:
        TarError: the file cannot be written.
    """
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items() if not _is_body(name)}
    if half:
        state = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    state = {name: tensor.contiguous() for name, tensor in state.items()}
    metadata = {"format": CHECKPOINT_FORMAT, "config": json.dumps(model.config.to_dict()), **(notes or {})}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(state, metadata))  # `save_file` raises errors of its own if the disk is full


def load_tar(path: str | Path | None = None, device: str | torch.device = "cpu") -> TAR:
    """Load a network in evaluation mode, with full precision and the free body.

    Args:
        path: the checkpoint. Default: the one that comes with the package.

    Raises:
        TarError: the file is missing, is not a TAR checkpoint, or is of an incompatible version.
    """
    return tar_of(read_checkpoint(path), device)


def tar_of(checkpoint: Checkpoint, device: str | torch.device = "cpu") -> TAR:
    """Build the network of a checkpoint, as `load_tar` does.

    Raises:
        TarError: the checkpoint is of an incompatible version.
    """
    with torch.device("meta"):  # without memory for the weights, as the configuration may ask for any amount
        expected = _shapes(build_tar(checkpoint.config))
    if expected != {name: array.shape for name, array in checkpoint.weights.items()}:
        raise TarError(
            f"{checkpoint.path}: the weights do not fit this version of TAR; use a checkpoint of this version"
        )
    model = build_tar(checkpoint.config)
    weights = {name: torch.from_numpy(array) for name, array in checkpoint.weights.items()}
    model.load_state_dict(weights, strict=False)  # half-precision floats are converted when copied
    return model.to(device).eval()


def _shapes(model: TAR) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items() if not _is_body(name)}


def _is_body(name: str) -> bool:
    return name.startswith("body.")
