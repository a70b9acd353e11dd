"""A run's settings in one readable file: `python -m tar_core.training --settings FILE.toml` (see paper.toml here)."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tar_core.errors import TarError
from tar_core.model.config import CONFIGS
from tar_core.training.losses import LossConfig
from tar_core.training.trainer import TrainingConfig

PAPER = Path(__file__).parent / "paper.toml"
_SECTIONS: dict[str, Any] = {"config": "tar-s", "training": {}, "loss": {}}


@dataclass(frozen=True)
class Settings:
    """What a file says; what it leaves out keeps its default.

    Attributes:
        config: the network's name in CONFIGS.
        training: fields of TrainingConfig, without its loss.
        loss: fields of LossConfig.
    """

    config: str
    training: dict[str, Any]
    loss: dict[str, Any]


def read_settings(path: Path) -> Settings:
    """The settings in a .toml file. Its `[[data]]`, if it has any, is read by `--features` (see mixing.py).

    Raises:
        TarError: the file is missing or damaged, or sets what there is not.
    """
    try:
        content = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise TarError(f"{path}: not a readable settings file ({error}); see tar_core/training/paper.toml") from error
    config, training, loss = (content.get(key, default) for key, default in _SECTIONS.items())
    unknown = sorted(set(content) - {*_SECTIONS, "data"})
    unknown += _unknown("training", training, {field.name for field in fields(TrainingConfig)} - {"loss"})
    unknown += _unknown("loss", loss, {field.name for field in fields(LossConfig)})
    if unknown:
        raise TarError(f"{path}: nothing is called {', '.join(unknown)}; see tar_core/training/paper.toml")
    if config not in CONFIGS:
        raise TarError(f"{path}: there is no config {config}; choose one of {', '.join(CONFIGS)}")
    return Settings(config, training, loss)


def _unknown(section: str, values: dict[str, Any], names: set[str]) -> list[str]:
    return [f"{section}.{name}" for name in sorted(set(values) - names)]
