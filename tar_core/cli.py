"""`tar-capture` and `python -m tar_core`: capture videos from the command line.

Large modules are imported where they are used, so that `--help` and errors in arguments appear at once.
"""

import os

# Make waiting threads sleep. Threads that spin slow down a busy machine by up to a factor of 15. OpenMP reads this
# variable when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import importlib.util
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import tar_core
from tar_core.arguments import HINTS, OneLineParser, add_arguments, add_edits, edits_from, from_arguments
from tar_core.batch.arguments import add_batch, run_batch
from tar_core.capture.progress import ProgressLine
from tar_core.errors import TarError, one_line, with_hint
from tar_core.files import check_outputs
from tar_core.memory import loading
from tar_core.options import NO_CLEANUP, CaptureOptions, CleanupOptions
from tar_core.program import EXIT_ERROR, EXIT_INTERRUPTED, run_program, stopped_by_ctrl_c
from tar_core.recording import DEFAULT_SECONDS, Recording
from tar_core.training.adapt_command import add_adapt, run_adapt
from tar_core.views.command import add_combine, run_combine

if TYPE_CHECKING:
    from tar_core.motion import MotionClip, PersonMotion

PROGRAM = "tar-capture"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    The exit code is 0, 2 after an error (reported in one line), 130 after Ctrl-C, or 143 after SIGTERM.
    """
    return run_program(PROGRAM, lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    options = build_parser().parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setFormatter(_HintFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    try:
        return options.run(options) or 0
    except TarError as error:
        print(f"{PROGRAM}: {with_hint(str(error), error.topic, HINTS)}", file=sys.stderr)
        return EXIT_ERROR
    except MemoryError:
        print(f"{PROGRAM}: not enough memory; close other programs, or use a smaller file", file=sys.stderr)
        return EXIT_ERROR
    except ImportError as error:  # missing, damaged, or too little memory to load it
        print(f"{PROGRAM}: a package cannot be loaded ({one_line(str(error))}); install TAR again", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        print(f"{PROGRAM}: cancelled", file=sys.stderr)
        return EXIT_INTERRUPTED


class _HintFormatter(logging.Formatter):
    """Adds the hint on a warning's topic."""

    def format(self, record: logging.LogRecord) -> str:
        message = with_hint(record.getMessage(), getattr(record, "topic", ""), HINTS)
        return f"{PROGRAM}: {record.levelname.lower()}: {message}"


def build_parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog=PROGRAM, description="Turn videos of people into SMPL motion.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {tar_core.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, help_text, run, add in (
        ("capture", "Capture a video and write a motion file", run_capture, _add_capture),
        ("batch", "Capture many videos to motion files", run_batch, add_batch),
        ("record", "Record a video from a camera or a stream", run_record, _add_record),
        ("shots", "List the shots of a video", run_shots, _add_shots),
        ("cleanup", "Clean up a motion file", run_cleanup, _add_cleanup),
        ("combine", "Combine motion files of the same motion, seen by several cameras", run_combine, add_combine),
        ("ground", "Estimate the floor of a motion file", run_ground, _add_clip_to_clip),
        ("check", "Report implausible motion in a motion file", run_check, _add_check),
        ("info", "Print the versions, the device and the network", run_info, _add_info),
        ("export-amass", "Write one person of a motion file as an AMASS file", run_export_amass, _add_export_amass),
        ("import-amass", "Convert an AMASS file to a motion file", run_import_amass, _add_import_amass),
        ("adapt", "Adapt the network to your own footage", run_adapt, add_adapt),
    ):
        command = commands.add_parser(name, help=help_text, description=run.__doc__)
        command.set_defaults(run=run)
        add(command)
    return parser


def _add_capture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", type=Path, metavar="VIDEO", help="Video file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="CLIP.npz", help="Motion file to write")
    parser.add_argument(
        "--overlay", type=Path, metavar="OUT.mp4", help="Also write the video with the bodies drawn over it"
    )
    add_arguments(parser, CaptureOptions, exclusive=[("focal_length", "fov")])
    add_arguments(parser, CleanupOptions)
    parser.add_argument(
        "--raw", action="store_true", help="Skip the clean-up and write the motion as the network estimates it"
    )
    parser.add_argument("--quiet", action="store_true", help="Print warnings and errors only")


def _add_record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="Number of a camera, such as 0, or address of a stream")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="VIDEO.mp4", help="New video to write")
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="Duration (default: %(default)g)")
    parser.add_argument("--quiet", action="store_true", help="Print warnings and errors only")


def _add_shots(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", type=Path, metavar="VIDEO", help="Video file")
    add_arguments(parser, CaptureOptions, only=("start", "end"))


def _add_cleanup(parser: argparse.ArgumentParser) -> None:
    _add_clip_to_clip(parser)
    focal_length = ("focal_length", "fov")
    add_arguments(parser, CaptureOptions, exclusive=[focal_length], only=("shot", *focal_length))
    add_arguments(parser, CleanupOptions)
    add_edits(parser)


def _add_clip_to_clip(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, metavar="CLIP.npz", help="Motion file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.npz", help="File to write")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, metavar="CLIP.npz", help="Motion file")
    parser.add_argument("--json", action="store_true", help="Print the report as JSON")


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="Your own checkpoint (default: the included one)"
    )


def _add_export_amass(parser: argparse.ArgumentParser) -> None:
    _add_clip_to_clip(parser)
    parser.add_argument(
        "--person", type=int, metavar="ID", help="ID of the person; required if the clip has several people"
    )


def _add_import_amass(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("amass", type=Path, metavar="AMASS.npz", help="AMASS file of SMPL, SMPL-H or SMPL-X")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="CLIP.npz", help="Motion file to write")


def run_capture(options: argparse.Namespace) -> None:
    """Capture the motion of the people in a video and write a motion file."""
    inputs = (options.video, options.camera_trajectory, options.body, options.checkpoint, *options.views)
    check_outputs([options.output, options.overlay], inputs)
    wanted = from_arguments(CaptureOptions, options)
    cleanup = NO_CLEANUP if options.raw else from_arguments(CleanupOptions, options)
    with loading():
        from tar_core.capture.networks import Networks

        # They load while the rest is imported. The processes that follow a divided video load their own.
        networks = None if wanted.workers else Networks.load(wanted)

        from tar_core.body.data import body_of_clip
        from tar_core.capture.pipeline import capture
        from tar_core.cleanup.pipeline import clean_up
        from tar_core.shot_files import save_shots
        from tar_core.video.writer import check_video_name

    if options.overlay is not None:
        check_video_name(options.overlay)
    if not options.quiet:
        logging.getLogger("tar_core.capture.views").setLevel(logging.INFO)  # when views start, where cameras stand
    with ProgressLine("capture", options.quiet) as bar:
        clips = capture(options.video, wanted, bar.update, load=lambda own: networks or Networks.load(own))
    body = body_of_clip(clips[0])
    clips = [clean_up(clip, body, cleanup).clip for clip in clips]
    save_shots(options.output, clips)
    if options.overlay is not None:
        from tar_core.overlay import write_overlay

        with ProgressLine("overlay", options.quiet) as bar:
            write_overlay(clips, options.video, options.overlay, bar.update, wanted.first_frame, wanted.end)
    if not options.quiet:
        for clip in clips:
            print_summary(clip)
        print(options.output)


def print_summary(clip: "MotionClip") -> None:
    """Print the shot, if there are several, the camera, and the frames and uncertain ranges of each person."""
    from tar_core.lens import focal_length_text

    if clip.shot is not None:
        print(clip.shot.with_times(clip.fps))
    print(
        f"camera: focal length {clip.focal_length:.0f} pixels, {focal_length_text(clip)}; "
        f"{clip.vertical or 'tilt unknown'}"
    )
    if clip.camera_trajectory is not None:
        print(f"  {clip.camera_trajectory}")
    for person in clip.people:
        print_person(person, clip.fps)


def print_person(person: "PersonMotion", fps: float) -> None:
    from tar_core.cleanup.uncertainty import uncertain_ranges

    first, last = person.frames[0], person.frames[-1]
    print(
        f"person {person.person_id}: frames {first} to {last}, detected in {int((person.confidence > 0).sum())} of them"
    )
    for uncertain in uncertain_ranges(person, fps):
        print(f"  {uncertain}")


def run_record(options: argparse.Namespace) -> None:
    """Record a video with a constant frame rate from a camera or a stream. Ctrl-C ends it early and keeps the video."""
    recording = Recording(options.source, options.seconds)
    with loading():
        from tar_core.video.record import record

    with ProgressLine("record", options.quiet) as bar, stopped_by_ctrl_c() as is_stopped:
        record(recording, options.output, bar.update, is_stopped)
    print(options.output)


def run_shots(options: argparse.Namespace) -> None:
    """List the shots of a video, that is, the parts between camera cuts, with their frames and times."""
    from tar_core.video.cuts import find_shots
    from tar_core.video.prefetch import prefetch
    from tar_core.video.reader import VideoReader

    wanted = CaptureOptions(start=options.start, end=options.end)
    reader = VideoReader(options.video)
    shots = find_shots(prefetch(reader.frames(wanted.start, wanted.end)))
    if not shots:
        raise TarError(f"{options.video}: the video has no frame {wanted.start}; choose an earlier start")
    for shot in shots:
        print(shot.with_times(reader.fps))


def run_cleanup(options: argparse.Namespace) -> None:
    """Clean up the motion of a motion file, such as one written with --raw, and correct its focal length."""
    from tar_core.body.data import body_of_clip
    from tar_core.capture.initial_camera import known_focal_length
    from tar_core.cleanup.pipeline import clean_up
    from tar_core.shot_files import load_shots, save_shots

    check_outputs([options.output], [options.clip])
    clips = load_shots(options.clip, options.shot)
    wanted = CaptureOptions(focal_length=options.focal_length, fov=options.fov)
    focal_length = known_focal_length(wanted, clips[0].width, clips[0].height)
    cleanup = from_arguments(CleanupOptions, options)
    body = body_of_clip(clips[0])
    edits = edits_from(options, [person.person_id for clip in clips for person in clip.people])
    cleaned = [clean_up(clip, body, cleanup, focal_length=focal_length, on_ground=True, edits=edits) for clip in clips]
    save_shots(options.output, [clean.clip for clean in cleaned])


def run_ground(options: argparse.Namespace) -> None:
    """Estimate the floor, and from it the pitch, roll and height of the camera. The motion does not change."""
    from tar_core.body.data import body_of_clip
    from tar_core.cleanup.ground_plane import MIN_CONFIDENCE
    from tar_core.cleanup.pipeline import clean_up
    from tar_core.shot_files import load_shots, save_shots

    check_outputs([options.output], [options.clip])
    clips = []
    for clip in load_shots(options.clip):
        floor = clean_up(replace(clip, floor=None), body_of_clip(clip), NO_CLEANUP, on_ground=True).floor
        clips.append(replace(clip, floor=floor))
        text = "no floor found: no foot is ever on the ground"
        if floor is not None:
            is_level = floor.confidence < MIN_CONFIDENCE
            text = f"{floor}; low confidence, so the camera is assumed to be level" if is_level else str(floor)
        print(text if clip.shot is None else f"shot {clip.shot.number}: {text}")
    save_shots(options.output, clips)


def run_check(options: argparse.Namespace) -> None:
    """Measure how plausible the motion of each person is, and list the frames to check. No ground truth is needed."""
    from tar_core.body.data import body_of_clip
    from tar_core.cleanup.plausibility import kinematics_of_clip
    from tar_core.cleanup.plausibility_report import report_json, report_lines
    from tar_core.lens import equivalent_35mm, focal_length_text
    from tar_core.shot_files import load_shots

    reports = []
    for clip in load_shots(options.clip):
        if not clip.people:
            raise TarError(f"{options.clip}: no people in this motion file; capture the video again")
        people = kinematics_of_clip(clip, body_of_clip(clip))
        focal_length = {"mm": round(equivalent_35mm(clip), 1), "error": clip.focal_length_error}
        reports.append(report_json(people) | {"focal_length_35mm": focal_length})
        if not options.json:
            shot = [] if clip.shot is None else [clip.shot.with_times(clip.fps)]
            print(*shot, f"focal length {focal_length_text(clip)}", *report_lines(people), sep="\n")
    if options.json:
        print(json.dumps(reports[0] if len(reports) == 1 else {"shots": reports}))


def run_info(options: argparse.Namespace) -> None:
    """Print the versions, the device, the network's configuration, and the cost of the paper's networks."""
    import cv2

    from tar_core.capture.networks import load_runtime
    from tar_core.model.weights import DEFAULT_CHECKPOINT, read_checkpoint

    checkpoint = read_checkpoint(options.checkpoint)
    runtime = load_runtime(checkpoint=options.checkpoint)
    numbers = sum(array.size for array in checkpoint.weights.values())
    print(f"tar_core    {tar_core.__version__}")
    print(f"runtime     {runtime.version}, OpenCV {cv2.__version__}")
    print(f"device      {runtime.device}")
    print(f"checkpoint  {options.checkpoint or DEFAULT_CHECKPOINT}, {numbers / 1e6:.1f} M parameters")
    for name, value in checkpoint.config.to_dict().items():
        print(f"  {name} = {value}")
    if importlib.util.find_spec("torch") is not None:
        from tar_core.model.cost import cost_table

        print("", *cost_table(), sep="\n")


def run_export_amass(options: argparse.Namespace) -> None:
    """Write one person of a motion file as an AMASS file: poses, betas, trans, mocap_framerate, gender."""
    from tar_core.amass import export_amass
    from tar_core.body.data import body_of_clip
    from tar_core.shot_files import load_shots

    check_outputs([options.output], [options.clip])
    people = [(clip, person) for clip in load_shots(options.clip) for person in clip.people]
    wanted = [(clip, person) for clip, person in people if options.person in (None, person.person_id)]
    if len(wanted) != 1:
        available = ", ".join(str(person.person_id) for _, person in people)
        raise TarError(f"{options.clip} contains the people {available}; choose one with --person")
    clip, person = wanted[0]
    export_amass(options.output, clip, person, body_of_clip(clip))


def run_import_amass(options: argparse.Namespace) -> None:
    """Convert an AMASS file to a motion file with the same poses, on the free body, in front of a level camera."""
    from tar_core.amass import read_amass
    from tar_core.body.data import load_body

    check_outputs([options.output], [options.amass])
    read_amass(options.amass, load_body()).save(options.output)
