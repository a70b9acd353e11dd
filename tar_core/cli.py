"""`tar-capture` and `python -m tar_core`: capture videos from the command line.

Whatever needs torch is imported where it is used, so that `--help` and mistyped options answer at once.
"""

import os

# Threads that wait by spinning slow everything down when the machine is busy, here by a factor of fifteen; OpenMP reads
# this as torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tar_core
from tar_core.errors import TarError
from tar_core.memory import loading

if TYPE_CHECKING:
    from tar_core.body.data import BodyData
    from tar_core.capture.pipeline import CaptureOptions
    from tar_core.capture.progress import Progress
    from tar_core.motion import MotionClip

PROGRAM = "tar-capture"
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0, 2 after an error (told in one line), 130 after Ctrl-C."""
    options = build_parser().parse_args(arguments)
    logging.basicConfig(format=f"{PROGRAM}: %(levelname)s: %(message)s", level=logging.WARNING, force=True)
    logging.addLevelName(logging.WARNING, "warning")
    try:
        options.run(options)
    except TarError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print(f"{PROGRAM}: cancelled", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="From a video of people to SMPL animation.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {tar_core.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    capture = commands.add_parser("capture", help="turn a video into a motion file", description=run_capture.__doc__)
    capture.set_defaults(run=run_capture)
    capture.add_argument("video", type=Path, metavar="VIDEO", help="any file that FFmpeg reads")
    capture.add_argument(
        "-o", "--output", type=Path, required=True, metavar="CLIP.npz", help="the motion file to write"
    )
    capture.add_argument("--overlay", type=Path, metavar="OUT.mp4", help="also draw the bodies over the video")
    capture.add_argument(
        "--people", type=people, default="all", metavar="all|largest|N", help="whom to capture (default: %(default)s)"
    )
    capture.add_argument("--start", type=int, default=0, metavar="FRAME", help="first frame, counted from 0")
    capture.add_argument("--end", type=int, metavar="FRAME", help="last frame (default: the video's last)")
    capture.add_argument(
        "--camera-trajectory",
        type=Path,
        metavar="FILE",
        help="the camera's path, solved elsewhere: an .npz (docs/motion_file.md), or the folder of a COLMAP text model",
    )
    capture.add_argument(
        "--camera-scale",
        type=camera_scale,
        default=1.0,
        metavar="METERS|feet",
        help="that one unit of the path is long (default: 1); feet: as long as lets feet stand best",
    )
    camera = capture.add_mutually_exclusive_group()
    camera.add_argument(
        "--focal-length", type=float, metavar="PIXELS", help="focal length (default: by the picture's straight lines)"
    )
    camera.add_argument("--fov", type=float, metavar="DEGREES", help="field of view across the image's longer side")
    capture.add_argument(
        "--box",
        type=start_box,
        metavar="FRAME,X0,Y0,X1,Y1",
        help="follow the person in this box, from that frame on, instead of finding people",
    )
    capture.add_argument(
        "--every-frame",
        action="store_true",
        help="look at each frame of a fast video (60 fps and more), not at 30 a second",
    )
    capture.add_argument(
        "--static-camera", action="store_true", help="do not look whether the camera turns; it stands on a tripod"
    )
    capture.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (default: %(default)s)")
    capture.add_argument("--threads", type=int, metavar="N", help="of the processor (default: half of what it has)")
    capture.add_argument("--checkpoint", type=Path, metavar="PATH", help="a network of your own")
    capture.add_argument("--body", type=Path, metavar="PATH", help="your SMPL file, to fit the shape to it")
    capture.add_argument(
        "--smoothing", type=float, default=0.0, metavar="0..1", help="take jitter out (default: %(default)s, none)"
    )
    capture.add_argument("--quiet", action="store_true", help="no progress, no summary; warnings and errors only")
    capture.add_argument(
        "--lean-correction",
        action="store_true",
        help="turn people who lean too far towards the camera or away until their weight is above their feet",
    )
    capture.add_argument(
        "--foot-locking",
        type=float,
        default=0.0,
        metavar="0..1",
        help="move the root until standing feet stand; for cameras that stand still (default: %(default)s, none)",
    )

    smooth = commands.add_parser("smooth", help="take jitter out of a motion file", description=run_smooth.__doc__)
    smooth.set_defaults(run=run_smooth)
    smooth.add_argument("clip", type=Path, metavar="CLIP.npz", help="a motion file that capture wrote")
    smooth.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.npz", help="the file to write")
    smooth.add_argument(
        "--strength", type=float, default=0.3, metavar="0..1", help="1 reaches over 0.6 seconds (default: %(default)s)"
    )

    plant = commands.add_parser("plant", help="let standing feet stand in a motion file", description=run_plant.__doc__)
    plant.set_defaults(run=run_plant)
    plant.add_argument("clip", type=Path, metavar="CLIP.npz", help="a motion file that capture wrote")
    plant.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.npz", help="the file to write")
    plant.add_argument("--strength", type=float, default=1.0, metavar="0..1", help="default: %(default)s")

    ground = commands.add_parser("ground", help="find the floor of a motion file", description=run_ground.__doc__)
    ground.set_defaults(run=run_ground)
    ground.add_argument("clip", type=Path, metavar="CLIP.npz", help="a motion file that capture wrote")
    ground.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.npz", help="the file to write")

    info = commands.add_parser("info", help="say what is installed", description=run_info.__doc__)
    info.set_defaults(run=run_info)
    info.add_argument("--checkpoint", type=Path, metavar="PATH", help="a network of your own")

    amass = commands.add_parser("export-amass", help="write AMASS files", description=run_export_amass.__doc__)
    amass.set_defaults(run=run_export_amass)
    amass.add_argument("clip", type=Path, metavar="CLIP.npz", help="a motion file that capture wrote")
    amass.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.npz", help="the file to write")
    amass.add_argument("--person", type=int, metavar="ID", help="which one; needed if the clip holds several")

    amass = commands.add_parser("import-amass", help="read an AMASS file", description=run_import_amass.__doc__)
    amass.set_defaults(run=run_import_amass)
    amass.add_argument("amass", type=Path, metavar="AMASS.npz", help="of SMPL, SMPL-H or SMPL-X")
    amass.add_argument("-o", "--output", type=Path, required=True, metavar="CLIP.npz", help="the motion file to write")

    adapt = commands.add_parser("adapt", help="fit a network to your own footage", description=run_adapt.__doc__)
    adapt.set_defaults(run=run_adapt)
    adapt.add_argument("clips", type=Path, nargs="+", metavar="VIDEO", help="videos, and folders of them")
    adapt.add_argument("-o", "--output", type=Path, required=True, metavar="NEW.safetensors", help="for --checkpoint")
    adapt.add_argument("--folder", type=Path, required=True, help="gets the training clips and the run (GBs)")
    adapt.add_argument("--checkpoint", type=Path, metavar="PATH", help="the network to start from")
    adapt.add_argument("--steps", type=int, default=200, help="of training (default: %(default)s)")
    adapt.add_argument("--learning-rate", type=float, default=5e-5, help="default: %(default)s")
    adapt.add_argument(
        "--most-frames", type=int, default=900, help="looked at in each video, some 30 a second (default: %(default)s)"
    )
    adapt.add_argument("--synthetic", type=Path, metavar="FEATURES", help="cached training clips to mix in")
    adapt.add_argument("--test", type=Path, metavar="FEATURES", help="cached synthetic clips to score before and after")
    adapt.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (default: %(default)s)")
    return parser


def people(text: str) -> str | int:
    """The value of --people."""
    return text if text in ("all", "largest") else int(text)


def camera_scale(text: str) -> float:
    """The value of --camera-scale."""
    return 0.0 if text == "feet" else float(text)


def start_box(text: str) -> tuple[int, tuple[float, float, float, float]]:
    """The value of --box: the frame, and the box on it."""
    frame, x0, y0, x1, y1 = text.split(",")
    return int(frame), (float(x0), float(y0), float(x1), float(y1))


def run_capture(options: argparse.Namespace) -> None:
    """Captures everybody in a video and writes their motion, and, if asked to, a video with the bodies drawn over."""
    with loading():
        from tar_core.capture.pipeline import capture, check_writable
        from tar_core.cleanup.foot_locking import lock_clip_feet
        from tar_core.cleanup.lean_correction import correct_clip_lean
        from tar_core.cleanup.smoothing import check_strength, smooth_clip
        from tar_core.cleanup.uncertainty import uncertain_ranges
        from tar_core.video.writer import check_video_name

    check_strength(options.smoothing)
    check_strength(options.foot_locking, "planting of feet")
    check_writable(options.output)
    if options.overlay is not None:
        check_video_name(options.overlay)
        check_writable(options.overlay)
    wanted = capture_options(options)
    with ProgressBar("capture", options.quiet) as bar:
        clip = smooth_clip(capture(options.video, wanted, bar.update), options.smoothing)
    if options.lean_correction:
        clip = correct_clip_lean(clip, body_of(clip))
    clip = lock_clip_feet(clip, body_of(clip), options.foot_locking)
    clip.save(options.output)
    if options.overlay is not None:
        from tar_core.overlay import write_overlay

        with ProgressBar("overlay", options.quiet) as bar:
            write_overlay(clip, options.video, options.overlay, bar.update, wanted.first_frame, wanted.end)
    if not options.quiet:
        print(f"camera: focal length {clip.focal_length:.0f} pixels, {clip.vertical or 'tilt unknown'}")
        if clip.camera_trajectory is not None:
            print(f"  {clip.camera_trajectory}")
        for person in clip.people:
            first, last = person.frames[0], person.frames[-1]
            print(f"person {person.person_id}: frames {first} to {last}, seen in {int((person.confidence > 0).sum())}")
            for doubt in uncertain_ranges(person, clip.fps):
                print(f"  {doubt}")
        print(options.output)


def run_smooth(options: argparse.Namespace) -> None:
    """Smooths everybody's motion; hits and stops stay sharp."""
    from tar_core.cleanup.smoothing import smooth_clip
    from tar_core.motion import MotionClip

    smooth_clip(MotionClip.load(options.clip), options.strength).save(options.output)


def run_plant(options: argparse.Namespace) -> None:
    """Moves everybody's root, mostly along the line of sight, until feet that stand do not slide."""
    from tar_core.cleanup.foot_locking import lock_clip_feet
    from tar_core.motion import MotionClip

    clip = MotionClip.load(options.clip)
    lock_clip_feet(clip, body_of(clip), options.strength).save(options.output)


def run_ground(options: argparse.Namespace) -> None:
    """Finds the floor, and with it the camera's pitch, roll and height; the motion stays as it is."""
    from tar_core.cleanup.ground_plane import TRUSTED, add_floor
    from tar_core.motion import MotionClip

    clip = MotionClip.load(options.clip)
    clip = add_floor(clip, body_of(clip))
    clip.save(options.output)
    if clip.floor is None:
        print("no floor: no foot stands anywhere")
        return
    level = "" if clip.floor.confidence >= TRUSTED else "; too unsure, the camera is taken to be level"
    print(f"{clip.floor}{level}")


def body_of(clip: "MotionClip") -> "BodyData":
    """The body that a clip's motion belongs to."""
    from tar_core.body.data import load_body

    return load_body(None if clip.body == "free" else Path(clip.body))


def capture_options(options: argparse.Namespace) -> "CaptureOptions":
    from tar_core.capture.pipeline import CaptureOptions, StartBox

    return CaptureOptions(
        people=options.people,
        start=options.start,
        end=options.end,
        focal_length=options.focal_length,
        fov=options.fov,
        device=options.device,
        threads=options.threads,
        box=None if options.box is None else StartBox(*options.box),
        checkpoint=options.checkpoint,
        body=options.body,
        camera_trajectory=options.camera_trajectory,
        camera_scale=options.camera_scale,
        static_camera=options.static_camera,
        every_frame=options.every_frame,
    )


class ProgressBar:
    """A tqdm bar on stderr, begun by the first frame; none if that is not a terminal."""

    def __init__(self, name: str, quiet: bool) -> None:
        from tqdm import tqdm

        self._bar = tqdm(desc=name, unit="frame", disable=True if quiet else None)

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, progress: "Progress") -> None:
        if progress.done:
            self._bar.total = progress.total
            self._bar.update(progress.done - self._bar.n)


def run_info(options: argparse.Namespace) -> None:
    """Prints versions, the device capture would use, the network's settings, and what the paper's network costs."""
    import cv2
    import torch

    from tar_core.capture.pipeline import choose_device
    from tar_core.model.checkpoint import DEFAULT_CHECKPOINT, load_tar
    from tar_core.model.cost import cost_table

    network = load_tar(options.checkpoint)
    numbers = sum(parameter.numel() for parameter in network.parameters())
    print(f"tar_core    {tar_core.__version__}")
    print(f"torch       {torch.__version__}, OpenCV {cv2.__version__}")
    print(f"device      {choose_device('auto')}")
    print(f"checkpoint  {options.checkpoint or DEFAULT_CHECKPOINT}, {numbers / 1e6:.1f} M parameters")
    for name, value in network.config.to_dict().items():
        print(f"  {name} = {value}")
    print("", *cost_table(), sep="\n")


def run_export_amass(options: argparse.Namespace) -> None:
    """Writes one person of a motion file as an AMASS-style .npz: poses, betas, trans, mocap_framerate, gender."""
    from tar_core.amass import export_amass
    from tar_core.motion import MotionClip

    clip = MotionClip.load(options.clip)
    wanted = [person for person in clip.people if options.person in (None, person.person_id)]
    if len(wanted) != 1:
        there = ", ".join(str(person.person_id) for person in clip.people)
        raise TarError(f"{options.clip} holds the people {there}; choose one of them with --person")
    export_amass(options.output, clip, wanted[0])


def run_import_amass(options: argparse.Namespace) -> None:
    """Turns an AMASS file into a motion file: its poses theta for theta, on the free body, before a level camera."""
    from tar_core.amass import read_amass
    from tar_core.body.data import load_body

    read_amass(options.amass, load_body()).save(options.output)


def run_adapt(options: argparse.Namespace) -> None:
    """Fits a network to videos without ground truth: its own motion, bent over what the picture shows, teaches it."""
    from tar_core.capture.pipeline import check_writable
    from tar_core.training.adapt import AdaptOptions, adapt

    check_writable(options.output)
    wanted = AdaptOptions(
        checkpoint=options.checkpoint,
        steps=options.steps,
        learning_rate=options.learning_rate,
        most_frames=options.most_frames,
        synthetic=options.synthetic,
        test=options.test,
        device=options.device,
    )
    adapt(options.clips, options.output, options.folder, wanted, lambda line: print(line, flush=True))
    print(options.output)
