"""Files with the weights of networks, read without PyTorch."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.arrays import to_tensor
from tar_core.errors import TarError
from tar_core.files import ASSETS, file_hash
from tar_core.model.config import BLAZEPOSE, TARConfig
from tar_core.model.tensor_file import TensorFileError, read_tensors

DEFAULT_CHECKPOINT = ASSETS / "tar_s.safetensors"
CHECKPOINT_FORMAT = "tar-checkpoint-1"
BACKBONE_HASH = "backbone_sha256"  # a key of the metadata


@dataclass(frozen=True)
class Checkpoint:
    """The contents of a checkpoint of TAR.

    Attributes:
        path: its file.
        config: configuration of the network.
        weights: its parameters and buffers by name, without the body; often half-precision floats.
        backbone_hash: SHA-256 of the file with the backbone's weights; None if it is not known.
    """

    path: Path
    config: TARConfig
    weights: dict[str, np.ndarray]
    backbone_hash: str | None = None


def read_checkpoint(path: str | Path | None = None) -> Checkpoint:
    """Read a checkpoint of TAR.

    Args:
        path: the checkpoint. Default: the one that comes with the package.

    Raises:
        TarError: the file is missing, or is not a TAR checkpoint.
    """
    path = Path(path) if path else DEFAULT_CHECKPOINT
    if not path.is_file():
        raise TarError(f"{path}: no such checkpoint; check the path, or give none to use the default one")
    try:
        weights, metadata = read_tensors(path)
    except (TensorFileError, OSError) as error:
        raise TarError(f"{path}: not a readable safetensors file; download or train the checkpoint again") from error
    if metadata.get("format") != CHECKPOINT_FORMAT:
        raise TarError(f"{path}: not a TAR checkpoint; give a checkpoint written by the training of TAR")
    try:
        config = TARConfig.from_dict(json.loads(metadata["config"]))
    except (KeyError, ValueError, RecursionError) as error:
        raise TarError(f"{path}: its configuration is not readable ({error}); train the checkpoint again") from error
    except TarError as error:
        raise TarError(f"{path}: {error}") from None
    return Checkpoint(path, config, weights, metadata.get(BACKBONE_HASH))


def backbone_file(checkpoint: Path, name: str) -> Path:
    """The file with the weights of a backbone, beside the checkpoint of a network that needs it."""
    return checkpoint.with_name(f"{name}.safetensors")


def own_backbone(checkpoint: Checkpoint) -> Path | None:
    """The file with the weights of a network's backbone; None if it is the BlazePose that comes with the package.

    Raises:
        TarError: the file is missing, or is not the one that the network was trained with.
    """
    if checkpoint.config.backbone == BLAZEPOSE and checkpoint.backbone_hash is None:
        return None
    path = backbone_file(checkpoint.path, checkpoint.config.backbone)
    if not path.is_file():
        raise TarError(f"{path}: no such file; copy the weights of the backbone there, see docs/training.md")
    if checkpoint.backbone_hash not in (None, file_hash(path)):
        raise TarError(f"{path}: not the weights that the network was trained with; copy those beside the checkpoint")
    return path


def read_weights(path: Path | None, default_name: str) -> dict[str, np.ndarray]:
    """Read the weights of a converted network that comes with the package.

    Args:
        path: a safetensors file. Default: `default_name` in the package's assets.
        default_name: file name in the package's assets.

    Raises:
        TarError: the file is missing or damaged.
    """
    path = path or ASSETS / default_name
    if not path.is_file():
        raise TarError(f"{path}: no such weights; reinstall the package, or give the path of {default_name}")
    try:
        return read_tensors(path)[0]
    except (TensorFileError, OSError) as error:
        raise TarError(f"{path}: not a readable safetensors file ({error}); reinstall the package") from error


def load_weights(model: Any, path: Path | None, default_name: str) -> None:
    """Load the weights of a torch module from a safetensors file; half-precision floats are converted.

    Args:
        model: the module. The file must contain all of its parameters and buffers, and nothing else.
        path: the file. Default: `default_name` in the package's assets.
        default_name: file name of the weights in the package's assets.

    Raises:
        TarError: the file is missing, damaged, or has the weights of another network.
    """
    weights = read_weights(path, default_name)
    try:
        model.load_state_dict({name: to_tensor(array) for name, array in weights.items()})
    except RuntimeError as error:
        shown = path or ASSETS / default_name
        raise TarError(f"{shown}: these are the weights of another network; use {default_name}") from error
