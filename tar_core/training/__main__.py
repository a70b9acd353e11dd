"""Train a network on cached features: `python -m tar_core.training --help`."""

import argparse
import logging
import sys
from pathlib import Path

import torch

from tar_core.errors import TarError
from tar_core.model.config import CONFIGS
from tar_core.training.losses import LossConfig
from tar_core.training.settings import Settings, read_settings
from tar_core.training.train import Run, train
from tar_core.training.trainer import TrainingConfig

# Options that set the field of TrainingConfig with the same name.
_CONFIG_OPTIONS = (
    *("steps", "clips_per_step", "accumulate", "learning_rate", "checkpoint_every", "seed"),
    *("simulated", "hide_appearance", "mixed_precision"),
)


def make_parser() -> argparse.ArgumentParser:
    """Define the command line, with the defaults of the code."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.training",
        description="Train a network on features that tar_core.datasets.features computed.",
    )
    _add_file_options(parser.add_argument_group("input and output"))
    _add_run_options(parser.add_argument_group("run"))
    _add_training_options(parser.add_argument_group("training"))
    return parser


def _add_file_options(files: argparse._ArgumentGroup) -> None:
    files.add_argument(
        "--features",
        type=Path,
        required=True,
        help="cached training clips: a folder, or a .toml file with a mixture of several",
    )
    files.add_argument("--test", type=Path, required=True, help="folder of cached test clips")
    files.add_argument("--output", type=Path, required=True, help="folder of the run")
    files.add_argument("--clips", type=int, help="maximum number of training clips to use (default: all)")
    files.add_argument(
        "--motions", type=Path, nargs="+", default=[], help="recordings for --simulated, as for tar_core.synthetic"
    )
    files.add_argument(
        "--overlays", type=Path, help="shards of the test clips; draws skeletons over some of them at each checkpoint"
    )


def _add_run_options(run: argparse._ArgumentGroup) -> None:
    run.add_argument("--config", choices=CONFIGS, default="tar-s", help="the network (default: %(default)s)")
    run.add_argument(
        "--settings",
        type=Path,
        help="a .toml file with config, [training] and [loss]; options on the command line take precedence",
    )
    run.add_argument("--init", type=Path, help="checkpoint with the initial weights; parts it lacks start untrained")
    run.add_argument("--resume", action="store_true", help="resume the run in --output")
    run.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu", help="device (default: %(default)s)"
    )


def _add_training_options(training: argparse._ArgumentGroup) -> None:
    defaults = TrainingConfig()
    training.add_argument("--steps", type=int, default=defaults.steps, help="optimizer steps (default: %(default)s)")
    training.add_argument(
        "--clips-per-step", type=int, default=defaults.clips_per_step, help="batch size (default: %(default)s)"
    )
    training.add_argument(
        "--accumulate",
        type=int,
        default=defaults.accumulate,
        help="parts in which each process computes its gradients, to save memory (default: %(default)s)",
    )
    training.add_argument(
        "--learning-rate", type=float, default=defaults.learning_rate, help="learning rate (default: %(default)s)"
    )
    training.add_argument(
        "--checkpoint-every",
        type=int,
        default=defaults.checkpoint_every,
        help="steps between checkpoints (default: %(default)s)",
    )
    training.add_argument("--seed", type=int, default=defaults.seed, help="random seed (default: %(default)s)")
    training.add_argument(
        "--without-maps", action="store_true", help="train without local maps, several times faster, as a warm-up"
    )
    training.add_argument(
        "--simulated",
        type=float,
        default=defaults.simulated,
        help="share of the steps on simulated landmarks (default: %(default)s)",
    )
    training.add_argument(
        "--hide-appearance",
        type=float,
        default=defaults.hide_appearance,
        help="share of the rendered clips whose pooled features are hidden (default: %(default)s)",
    )
    training.add_argument(
        "--mixed-precision", action="store_true", help="compute in bfloat16 where its precision is sufficient"
    )


def parse_arguments(arguments: list[str] | None) -> tuple[argparse.Namespace, Settings]:
    """Read the command line and the settings file, whose values replace the defaults.

    Raises:
        TarError: the settings file is missing or damaged.
    """
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.settings is None:
        return options, Settings(options.config, {}, {})
    settings = read_settings(options.settings)
    parser.set_defaults(config=settings.config, **settings.training)
    return parser.parse_args(arguments), settings


def make_run(options: argparse.Namespace, settings: Settings) -> Run:
    """Combine the command line and the settings file."""
    use_maps = not options.without_maps and settings.training.get("use_maps", True)
    fields = {
        **settings.training,
        **{name: getattr(options, name) for name in _CONFIG_OPTIONS},
        "use_maps": use_maps,
        "loss": LossConfig(**settings.loss),
    }
    return Run(
        features=options.features,
        test=options.test,
        output=options.output,
        network=CONFIGS[options.config],
        config=TrainingConfig(**fields),
        max_clips=options.clips,
        init=options.init,
        motions=options.motions,
        overlays=options.overlays,
        device=options.device,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        options, settings = parse_arguments(arguments)
        train(make_run(options, settings), options.resume)
    except TarError as error:
        print(f"training: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
