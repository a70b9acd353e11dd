"""The command `tar-capture combine`."""

import argparse
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import check_outputs


def add_combine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clips",
        type=Path,
        nargs="+",
        metavar="CLIP.npz",
        help="Motion files of the views, captured with --raw; the result has the camera and frames of the first one",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.npz", help="Motion file to write")
    parser.add_argument(
        "--delays",
        type=float,
        nargs="+",
        default=[],
        metavar="SECONDS",
        help="For each further view, how much later its video starts than the first one; negative if it starts earlier "
        "(default: found from the motion)",
    )
    parser.add_argument("--quiet", action="store_true", help="Print warnings and errors only")


def run_combine(options: argparse.Namespace) -> None:
    """Combine the motion of videos that show the same people at the same time, from cameras that do not move. The
    result is not cleaned up: run tar-capture cleanup on it."""
    from tar_core.body.data import body_of_clip
    from tar_core.shot_files import load_shots
    from tar_core.views.combine import combine_views

    check_outputs([options.output], options.clips)
    views = [load_shots(path) for path in options.clips]
    for path, shots in zip(options.clips, views, strict=True):
        if len(shots) != 1:
            raise TarError(f"{path}: has {len(shots)} shots; capture one with tar-capture capture --shot NUMBER")
    clips = [clip for (clip,) in views]
    combined, reports = combine_views(clips, body_of_clip(clips[0]), options.delays)
    combined.save(options.output)
    if not options.quiet:
        print(*reports, options.output, sep="\n")
