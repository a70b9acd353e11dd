"""Settings files of training runs, such as paper.toml in this folder."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tar_core.errors import TarError
from tar_core.model.config import CONFIGS
from tar_core.training.losses import LossConfig
from tar_core.training.trainer import TrainingConfig

_SECTIONS: dict[str, Any] = {"config": "tar-s", "training": {}, "loss": {}}


@dataclass(frozen=True)
class Settings:
    """The contents of a settings file. Missing values keep their defaults.

    Attributes:
        config: name of the network in CONFIGS.
        training: fields of TrainingConfig except `loss`.
        loss: fields of LossConfig.
    """

    config: str
    training: dict[str, Any]
    loss: dict[str, Any]


def read_settings(path: Path) -> Settings:
    """Read a .toml file with `config`, `[training]` and `[loss]`.

    The file may also have `[[data]]`, which `mixing.read_mixture` reads.

    Raises:
        TarError: the file is missing or damaged, or has an unknown setting.
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
        raise TarError(f"{path}: unknown setting {', '.join(unknown)}; see tar_core/training/paper.toml")
    if config not in CONFIGS:
        raise TarError(f"{path}: unknown config {config}; choose one of {', '.join(CONFIGS)}")
    return Settings(config, training, loss)


def _unknown(section: str, values: dict[str, Any], names: set[str]) -> list[str]:
    return [f"{section}.{name}" for name in sorted(set(values) - names)]
