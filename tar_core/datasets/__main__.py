"""Convert a public dataset to shards of clips: `python -m tar_core.datasets --help`.

The shards have the format of rendered clips. `python -m tar_core.datasets.features` computes features from both.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from tar_core.body.data import load_body
from tar_core.datasets import bedlam, eft, emdb, human36m, mpi_inf_3dhp, threedpw
from tar_core.datasets.clips import clips_of
from tar_core.datasets.sequence import load_bodies
from tar_core.datasets.shards import CLIP_FRAMES, CLIPS_PER_SHARD, Clip, write_shard
from tar_core.errors import TarError

DATASETS = {
    "3dpw": threedpw,
    "emdb": emdb,
    "h36m": human36m,
    "mpi-inf-3dhp": mpi_inf_3dhp,
    "eft": eft,
    "bedlam": bedlam,
}


def write_shards(clips: Iterator[Clip], folder: Path, name: str) -> int:
    """Write clips to shards of CLIPS_PER_SHARD clips; the folder is created with the first shard.

    Returns:
        The number of clips.
    """
    count = 0
    for number, part in enumerate(iter(lambda: list(islice(clips, CLIPS_PER_SHARD)), [])):
        folder.mkdir(parents=True, exist_ok=True)
        write_shard(folder / f"shard-{name}-{number:05d}.npz", part)
        count += len(part)
        print(f"{count} clips", flush=True)
    return count


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.datasets", description="Convert a public dataset to shards of clips."
    )
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("root", type=Path, help="folder of the dataset, in the layout in which it is published")
    parser.add_argument(
        "--split", required=True, help="; ".join(f"{n}: {', '.join(d.SPLITS)}" for n, d in DATASETS.items())
    )
    parser.add_argument(
        "--bodies", type=Path, required=True, help="folder with SMPL_NEUTRAL, SMPL_MALE and SMPL_FEMALE (.pkl or .npz)"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write the shards to")
    parser.add_argument(
        "--stride",
        type=int,
        default=CLIP_FRAMES,
        help="frames from the start of one clip to the start of the next (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="random seed of the errors of the crops (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse_arguments(arguments)
    dataset = DATASETS[options.dataset]
    try:
        if options.split not in dataset.SPLITS:
            raise TarError(f"{options.dataset}: no split {options.split}; choose one of {', '.join(dataset.SPLITS)}")
        bodies, body = load_bodies(options.bodies), load_body()
        random = np.random.default_rng(options.seed)
        clips = (
            clip
            for sequence in dataset.sequences(options.root, options.split, bodies)
            for clip in clips_of(sequence, bodies, body, random, options.stride)
        )
        if not write_shards(clips, options.output, f"{options.dataset}-{options.split}"):
            raise TarError(f"{options.root}: no usable clip of {CLIP_FRAMES} frames; check the files")
    except TarError as error:
        print(f"datasets: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
