"""Turns a dataset into shards of clips: `python -m tar_core.datasets --help`.

The shards are those of rendered clips: `tar_core.datasets.features` computes the backbone's features of both alike.
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
from tar_core.datasets.shards import CLIP_FRAMES, CLIPS_PER_SHARD, SyntheticClip, write_shard
from tar_core.errors import TarError

DATASETS = {
    "3dpw": threedpw,
    "emdb": emdb,
    "h36m": human36m,
    "mpi-inf-3dhp": mpi_inf_3dhp,
    "eft": eft,
    "bedlam": bedlam,
}


def write_shards(clips: Iterator[SyntheticClip], folder: Path, name: str) -> int:
    """Writes shards of equally many clips into a folder, made with the first; returns how many clips there were."""
    count = 0
    for number, part in enumerate(iter(lambda: list(islice(clips, CLIPS_PER_SHARD)), [])):
        folder.mkdir(parents=True, exist_ok=True)
        write_shard(folder / f"shard-{name}-{number:05d}.npz", part)
        count += len(part)
        print(f"{count} clips", flush=True)
    return count


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tar_core.datasets", description=__doc__)
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("root", type=Path, help="its folder, laid out as its authors publish it")
    parser.add_argument(
        "--split", required=True, help="; ".join(f"{n}: {', '.join(d.SPLITS)}" for n, d in DATASETS.items())
    )
    parser.add_argument("--bodies", type=Path, required=True, help="folder of SMPL_NEUTRAL, SMPL_MALE, SMPL_FEMALE")
    parser.add_argument("--output", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--stride", type=int, default=CLIP_FRAMES, help="frames between clips (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the crops' imperfections")
    options = parser.parse_args(arguments)
    dataset = DATASETS[options.dataset]
    try:
        if options.split not in dataset.SPLITS:
            raise TarError(f"{options.dataset} has no split {options.split}; choose one of {', '.join(dataset.SPLITS)}")
        bodies, body = load_bodies(options.bodies), load_body()
        random = np.random.default_rng(options.seed)
        clips = (
            clip
            for sequence in dataset.sequences(options.root, options.split, bodies)
            for clip in clips_of(sequence, bodies, body, random, options.stride)
        )
        if not write_shards(clips, options.output, f"{options.dataset}-{options.split}"):
            raise TarError(f"{options.root}: no usable clip of {CLIP_FRAMES} frames in it; check its files")
    except TarError as error:
        print(f"datasets: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
