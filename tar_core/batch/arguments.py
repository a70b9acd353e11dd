"""The arguments of the commands that process many videos, and the command `tar-capture batch`."""

import argparse
from pathlib import Path

from tar_core.arguments import add_arguments
from tar_core.options import CaptureOptions, CleanupOptions
from tar_core.shard import add_shard


def add_batch_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of all commands that process many videos."""
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument(
        "--resume",
        action="store_true",
        help="Continue a batch: skip videos that are finished, and write the others again",
    )
    existing.add_argument("--overwrite", action="store_true", help="Replace existing files")
    add_shard(
        parser,
        "Process only the K-th of N parts of the videos, with a report of its own, so that N machines share them",
        default=None,
    )


def add_batch(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tar-capture batch`."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="Videos, folders of videos, patterns such as 'takes/**/*.mp4', lists of videos (.csv, .jsonl), or - for a "
        "list on standard input",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FOLDER", help="Folder for the report and the motion files"
    )
    parser.add_argument(
        "--results",
        metavar="ADDRESS",
        help="Write the motion files to a storage that fsspec reaches instead, such as s3://bucket/takes",
    )
    add_batch_arguments(parser)
    add_arguments(parser, CaptureOptions, exclusive=[("focal_length", "fov")])
    add_arguments(parser, CleanupOptions)
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="Capture on the machines of a Ray cluster: HOST:PORT, auto for the one that this machine belongs to, or "
        "local to start one here. --threads is the number of CPU threads of each worker",
    )
    parser.add_argument(
        "--raw", action="store_true", help="Skip the clean-up and write the motion as the network estimates it"
    )


def run_batch(options: argparse.Namespace) -> int:
    """Capture many videos, and write a motion file for each and a report to a folder."""
    from tar_core.batch.command import run

    return run(options)
