"""The arguments of the headless command."""

import argparse
import math
from pathlib import Path

from tar_core.arguments import OneLineParser, add_arguments
from tar_core.batch.arguments import add_batch_arguments
from tar_core.errors import TarError
from tar_core.options import CaptureOptions

from ..export.amass import ENDING as AMASS_ENDING
from ..export.formats import FORMATS
from ..retarget.retarget import LIMBS
from ..scene.options import ImportOptions

NAME = "tar_capture"  # Blender requires an identifier, so it has no hyphen
MOTION = "npz"  # the format that needs no scene
ENDINGS = {name: name for name in (*FORMATS, MOTION)} | {"amass": AMASS_ENDING}  # file endings of the formats


def build_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog=NAME, description="Turn videos into scene files with animated SMPL characters.")
    parser.add_argument(
        "video",
        type=Path,
        nargs="+",
        metavar="VIDEO",
        help="Videos, folders of videos, patterns, lists of videos (.csv, .jsonl), or motion files (.npz)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="File to write; can be given several times. For several videos, a folder. Formats: "
        + ", ".join(ENDINGS.values()),
    )
    _add_batch(parser)
    _add_scene(parser)
    add_arguments(parser, CaptureOptions, exclusive=[("focal_length", "fov")])
    add_arguments(parser, ImportOptions)
    return parser


def check_arguments(arguments: argparse.Namespace) -> None:
    """Check that options that need another one are given with it.

    Raises:
        TarError: one is not.
    """
    for option, is_given in (("--limbs", arguments.limbs != LIMBS[0]), ("--root-motion", arguments.root_motion)):
        if is_given and arguments.character is None:
            raise TarError(f"{option} is for characters; add --character FILE")


def input_files(arguments: argparse.Namespace) -> list[Path | None]:
    """Return the files that the command reads, which it must not replace."""
    options = (arguments.character, arguments.camera_trajectory, arguments.body, arguments.checkpoint)
    return [*arguments.video, *options, *arguments.views]


def _add_batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        type=_formats,
        default=["blend"],
        metavar="FORMATS",
        help=f"Formats of the files in the folder, separated by commas: {', '.join(ENDINGS)} (default: blend)",
    )
    add_batch_arguments(parser)


def _add_scene(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--separate",
        action="store_true",
        help="Write one file per person, without the camera and with the same skeleton, for game engines",
    )
    parser.add_argument(
        "--character",
        type=Path,
        metavar="FILE",
        help="Rigged character (.blend, .fbx, .glb) to retarget the motion to, instead of creating SMPL bodies",
    )
    parser.add_argument(
        "--limbs",
        type=str.upper,
        choices=LIMBS,
        default=LIMBS[0],
        help="Which controls of the character's arms and legs get keys, if it has IK (default: %(default)s)",
    )
    parser.add_argument(
        "--root-motion",
        action="store_true",
        help="The character's root bone carries the place on the ground and the heading",
    )
    parser.add_argument(
        "--fps",
        type=_positive,
        metavar="RATE",
        help="Resample the motion to this frame rate (default: that of the video)",
    )
    parser.add_argument(
        "--reduce-keys",
        type=_positive,
        metavar="DEGREES",
        help="Keep keys at few poses; rotations change by at most this angle, joints by at most 2 cm",
    )


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _formats(text: str) -> list[str]:
    formats = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in formats if name not in ENDINGS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is not one of {', '.join(ENDINGS)}")
    return [ENDINGS[name] for name in dict.fromkeys(formats)]
