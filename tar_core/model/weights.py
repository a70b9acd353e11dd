"""Loading of the converted networks that come with the package."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from tar_core.errors import TarError
from tar_core.files import ASSETS


def load_weights(model: nn.Module, path: Path | None, default_name: str) -> None:
    """Load the weights of a module from a safetensors file; half-precision floats are converted.

    Args:
        model: the module. The file must contain all of its parameters and buffers, and nothing else.
        path: the file. Default: `default_name` in the package's assets.
        default_name: file name of the weights in the package's assets.

    Raises:
        TarError: the file is missing, damaged, or has the weights of another network.
    """
    path = path or ASSETS / default_name
    if not path.is_file():
        raise TarError(f"{path}: no such weights; reinstall the package, or give the path of {default_name}")
    try:
        model.load_state_dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise TarError(f"{path}: not a readable safetensors file ({error}); reinstall the package") from error
    except RuntimeError as error:
        raise TarError(f"{path}: these are the weights of another network; use {default_name}") from error
