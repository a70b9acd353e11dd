"""Checkpoints: configuration and weights of a network in one safetensors file."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.errors import TarError
from tar_core.files import ASSETS, atomic_path
from tar_core.model.config import TARConfig
from tar_core.model.tar import TAR

DEFAULT_CHECKPOINT = ASSETS / "tar_s.safetensors"
_FORMAT = "tar-checkpoint-1"


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
    metadata = {"format": _FORMAT, "config": json.dumps(model.config.to_dict()), **(notes or {})}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata)


def load_tar(path: str | Path | None = None, device: str | torch.device = "cpu") -> TAR:
    """Load the network of a checkpoint in evaluation mode.

    Args:
        path: the checkpoint. Default: the one that comes with the package.

    Raises:
        TarError: the file is missing, is not a TAR checkpoint, or is of an incompatible version.
    """
    path = Path(path) if path else DEFAULT_CHECKPOINT
    if not path.is_file():
        raise TarError(f"{path}: no such checkpoint; check the path, or give none to use the default one")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise TarError(f"{path}: not a readable safetensors file; download or train the checkpoint again") from error
    if metadata.get("format") != _FORMAT:
        raise TarError(f"{path}: not a TAR checkpoint; give a checkpoint written by the training of TAR")
    model = build_tar(TARConfig.from_dict(json.loads(metadata["config"])))
    expected = {name: tensor.shape for name, tensor in model.state_dict().items() if not _is_body(name)}
    if expected != {name: tensor.shape for name, tensor in state.items()}:
        raise TarError(f"{path}: the weights do not fit this version of TAR; use a checkpoint of this version")
    model.load_state_dict(state, strict=False)  # half-precision floats are converted when copied
    return model.to(device).eval()


def _is_body(name: str) -> bool:
    return name.startswith("body.")
