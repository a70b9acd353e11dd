"""Train the paper's network on its datasets: `python -m tar_core.training.paper --help`.

Converts each dataset that is there to clips, computes the features of the backbone, and trains with the settings of
paper.toml. Repeat the command to resume. docs/training.md describes the files that each dataset needs.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from tar_core.datasets.__main__ import main as convert
from tar_core.datasets.features import cache_features
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.model.config import CONFIGS
from tar_core.training.__main__ import main as train
from tar_core.training.recipe import Network

SETTINGS = Path(__file__).parent / "paper.toml"
VALIDATION = "3dpw-validation"


@dataclass(frozen=True)
class Source:
    """A dataset.

    Attributes:
        dataset: its name for `python -m tar_core.datasets`, and the name of its folder.
        split: of the dataset.
        weight: of its clips in the mixture; 0 for the clips that are only scored. The weights are ours.
    """

    dataset: str
    split: str
    weight: float


SOURCES = {
    "3dpw": Source("3dpw", "train", 0.25),
    VALIDATION: Source("3dpw", "validation", 0.0),
    "mpi-inf-3dhp": Source("mpi-inf-3dhp", "train", 0.2),
    "h36m": Source("h36m", "train", 0.35),
    "eft-coco": Source("eft", "coco", 0.15),
    "eft-mpii": Source("eft", "mpii", 0.05),
    "bedlam": Source("bedlam", "training", 0.3),
}


def prepare(root: Path, bodies: Path, network: Network, output: Path) -> Path:
    """Convert the datasets in a folder and compute their features.

    Returns:
        The file with the mixture.

    Raises:
        TarError: 3DPW, which is also scored, or all others are missing, or a dataset is not usable.
    """
    lines = []
    for name, source in SOURCES.items():
        if not (root / source.dataset).is_dir():
            continue
        clips, features = output / "clips" / name, output / "features" / name
        if not (clips / ".complete").is_file():
            arguments = [source.dataset, root / source.dataset, "--split", source.split, "--bodies", bodies]
            if convert([*map(str, arguments), "--output", str(clips)]):
                raise TarError(f"{root / source.dataset}: not converted; fix this and repeat the command")
            (clips / ".complete").touch()
        cache_features(clips, features, network.config.backbone, network.weights)
        if source.weight:
            lines += ["[[data]]", f'features = "{name}"', f"weight = {source.weight}"]
    if not (output / "features" / VALIDATION).is_dir():
        raise TarError(
            f"{root / '3dpw'}: no such folder; 3DPW is needed, as the network is scored on its validation split"
        )
    mixture = output / "features" / "mixture.toml"
    with atomic_path(mixture) as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    return mixture


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.training.paper",
        description="Train the paper's network on the datasets that are there. Repeat the command to resume.",
    )
    parser.add_argument(
        "root", type=Path, help=f"folder with {', '.join(sorted({s.dataset for s in SOURCES.values()}))}"
    )
    parser.add_argument("--bodies", type=Path, required=True, help="folder with SMPL's files, as for tar_core.datasets")
    parser.add_argument("--config", choices=CONFIGS, default="tar-w48", help="the network (default: %(default)s)")
    parser.add_argument("--weights", type=Path, help="weights of the backbone; required for all but tar-s")
    parser.add_argument("--steps", type=int, help="optimizer steps (default: those of paper.toml)")
    parser.add_argument("--output", type=Path, required=True, help="folder for all results")
    options = parser.parse_args(arguments)
    try:
        mixture = prepare(options.root, options.bodies, Network(options.config, options.weights), options.output)
    except (TarError, OSError) as error:
        print(f"paper: {error}", file=sys.stderr)
        return 2
    run = options.output / "run"
    inputs = ["--settings", SETTINGS, "--config", options.config, "--features", mixture]
    inputs += ["--test", options.output / "features" / VALIDATION, "--output", run]
    steps = [] if options.steps is None else ["--steps", options.steps]
    resume = ["--resume"] if (run / "last.pt").is_file() else []
    return train([str(argument) for argument in (*inputs, *steps, *resume)])


if __name__ == "__main__":
    sys.exit(main())
