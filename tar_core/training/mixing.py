"""Mixtures of several sets of cached clips, described by a .toml file:

[[data]]
features = "features/3dpw"      # folder that tar_core.datasets.features wrote, relative to the .toml file
weight = 0.2                    # share of the clips in a batch; the weights are normalized to sum to 1
[[data]]
features = "features/bedlam"
weight = 0.5
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError


@dataclass(frozen=True)
class Part:
    """One set of a mixture: its folder and its weight."""

    features: Path
    weight: float


class MixedClips(FeatureClips):
    """Clips of several folders, drawn by the folders' weights independently of their number of clips.

    Raises:
        TarError: a folder has no clips, or clips of another length or from another backbone.
    """

    def __init__(self, parts: list[Part]) -> None:
        sets = [FeatureClips(part.features) for part in parts]
        self.folders = [part.features for part in parts]
        self.shards, self.index, self.clip_length = [], [], sets[0].clip_length
        shares: list[np.ndarray] = []
        first = sets[0].shards[0]
        total = sum(part.weight for part in parts)
        for part, clips in zip(parts, sets, strict=True):
            shard = clips.shards[0]
            if clips.clip_length != self.clip_length or shard["vector"].shape[1:] != first["vector"].shape[1:]:
                raise TarError(
                    f"{part.features}: its clips do not match those of {parts[0].features}; compute the features of"
                    " both with the same backbone"
                )
            self.index += [(len(self.shards) + number, frame) for number, frame in clips.index]
            self.shards += clips.shards
            shares.append(np.full(len(clips), part.weight / total / len(clips)))
        self.shares = np.concatenate(shares)

    def sample(self, count: int, random: np.random.Generator) -> list[int]:
        """Draw the indices of `count` different clips by the sets' weights."""
        return random.choice(len(self), count, replace=False, p=self.shares).tolist()


def load_clips(path: Path, limit: int | None = None) -> FeatureClips:
    """Load the cached clips of a folder, or the mixture described by a .toml file.

    Args:
        limit: maximum number of clips of a folder.

    Raises:
        TarError: there are no clips, or the file is not usable.
    """
    return MixedClips(read_mixture(path)) if path.suffix == ".toml" else FeatureClips(path, limit)


def read_mixture(path: Path) -> list[Part]:
    """Read the sets in a .toml file.

    Raises:
        TarError: the file is missing or damaged, or a weight is not positive.
    """
    try:
        entries = tomllib.loads(path.read_text())["data"]
        parts = [Part(path.parent / entry["features"], float(entry["weight"])) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TarError(
            f"{path}: not a mixture ({error!r}); add [[data]] with features and weight, see docs/training.md"
        ) from error
    if not parts or any(part.weight <= 0 for part in parts):
        raise TarError(f"{path}: a weight is not positive; remove the [[data]] that should not be used")
    return parts
