"""The command `tar-capture adapt`. It imports PyTorch only to run."""

import argparse
import importlib.util
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import check_outputs


def add_adapt(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tar-capture adapt`."""
    parser.add_argument("clips", type=Path, nargs="+", metavar="VIDEO", help="Videos and folders of videos")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="NEW.safetensors", help="Checkpoint to write"
    )
    parser.add_argument(
        "--folder", type=Path, required=True, help="Folder for training clips and checkpoints (several gigabytes)"
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="Checkpoint to start from (default: the included one)"
    )
    parser.add_argument("--steps", type=int, default=200, metavar="N", help="Training steps (default: %(default)s)")
    parser.add_argument(
        "--learning-rate", type=float, default=5e-5, metavar="RATE", help="Learning rate (default: %(default)s)"
    )
    parser.add_argument(
        "--max-frames",
        type=int,
        default=900,
        metavar="N",
        help="Maximum number of frames to use from each video (default: %(default)s)",
    )
    parser.add_argument(
        "--synthetic", type=Path, metavar="FEATURES", help="Cached features of synthetic clips to mix in"
    )
    parser.add_argument(
        "--test", type=Path, metavar="FEATURES", help="Cached features of synthetic clips to score before and after"
    )
    parser.add_argument("--device", default="auto", help="Device: auto, cpu, cuda or mps (default: %(default)s)")


def run_adapt(options: argparse.Namespace) -> None:
    """Adapt a network to videos without ground truth: train it on its own motion, fitted to the images."""
    if importlib.util.find_spec("torch") is None:
        raise TarError("training needs PyTorch; run pip install torch scipy")
    from tar_core.training.adapt import AdaptOptions, adapt

    check_outputs([options.output], [*options.clips, options.checkpoint])
    wanted = AdaptOptions(
        checkpoint=options.checkpoint,
        steps=options.steps,
        learning_rate=options.learning_rate,
        max_frames=options.max_frames,
        synthetic=options.synthetic,
        test=options.test,
        device=options.device,
    )
    adapt(options.clips, options.output, options.folder, wanted, lambda line: print(line, flush=True))
    print(options.output)
