"""Loads the converted networks that the package carries."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from tar_core.errors import TarError
from tar_core.files import ASSETS


def load_weights(model: nn.Module, path: Path | None, default_name: str) -> None:
    """Fills `model` from a safetensors file; half floats become the model's own type.

    Args:
        model: the module to fill; every parameter and buffer must be in the file, and nothing else.
        path: the file; None means `default_name` in the package's assets.
        default_name: file name of the weights that the package ships.

    Raises:
        TarError: the file is missing, damaged or another network's.
    """
    path = path or ASSETS / default_name
    if not path.is_file():
        raise TarError(f"The weights {path} are missing: reinstall the package, or give the path of {default_name}.")
    try:
        model.load_state_dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise TarError(f"{path} is not a readable safetensors file: reinstall the package ({error}).") from error
    except RuntimeError as error:
        raise TarError(f"{path} holds the weights of another network: use {default_name}.") from error
