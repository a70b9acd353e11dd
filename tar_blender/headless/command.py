"""From a video to a scene file without a window, or from many videos to a folder of files.

blender -b --command tar_capture VIDEO -o out.blend          with the extension installed
blender -b -P tar_blender/headless/command.py -- VIDEO -o out.blend   from a checkout
python -m tar_blender.headless.command VIDEO -o out.blend             with Blender as a Python module (bpy)

tar_capture a.mp4 b.mov clips/ -o out/ --format blend,fbx,npz [--resume] [--jobs N]
                                                             writes out/a.blend ... out/report.json
"""

import sys

if not __package__:  # run by its path: begin again as part of the package
    import runpy
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    runpy.run_module("tar_blender.headless.command", run_name="__main__")

import argparse
import contextlib
import math
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import bpy

from tar_core.amass import load_motion
from tar_core.body.data import load_body
from tar_core.cleanup.smoothing import check_strength
from tar_core.engine.client import CaptureJob, Event, Notice, PatientEngine, Progress
from tar_core.errors import TarError
from tar_core.files import check_video_file, check_writable
from tar_core.motion import MotionClip

from ..engine.paths import body_file, bundled_tar_core, engine_choices, engine_python
from ..export.amass import ENDING as AMASS
from ..export.amass import save_amass
from ..export.formats import FORMATS, check_output, save_each, save_scene
from ..retarget.character_file import replace_person
from ..scene.build import ImportOptions, clip_body, import_clip, set_frame_rate
from ..scene.key_reduction import Tolerance, reduce_keys
from .batch import Outcome, find_clips, run_batch
from .capture_pool import CaptureQueue

NAME = "tar_capture"  # Blender takes identifiers only, so no hyphen
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
MOTION = "npz"  # the format that needs no scene
_ALL_FORMATS = {name: name for name in (*FORMATS, MOTION)} | {"amass": AMASS}  # and how their files end


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit code: 0, 2 with one line on standard error for each failure, or 130."""
    try:
        options = _parser().parse_args(arguments)
        with _ctrl_c_interrupts():
            if _is_batch(options):
                return _run_batch(options)
            _run_one(options)
    except TarError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print(f"{NAME}: cancelled", file=sys.stderr)
        return EXIT_INTERRUPTED
    except SystemExit as end:  # argparse has said why; Blender needs the code
        return int(end.code or 0)
    return 0


@contextlib.contextmanager
def _ctrl_c_interrupts() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, as in any Python; a real Blender would only take it for the end of a render."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if before is not None:  # a handler that Python did not install cannot be put back by it
            signal.signal(signal.SIGINT, before)


def _is_batch(options: argparse.Namespace) -> bool:
    """Several inputs, or a folder to write to, which need not be there yet."""
    (first, *others) = options.output
    return len(options.video) > 1 or options.video[0].is_dir() or not (others or first.suffix) or first.is_dir()


def _run_one(options: argparse.Namespace) -> None:
    for output in options.output:
        (check_writable if _is_motion(output) else check_output)(output)
    (video,) = options.video
    with PatientEngine(_python_finder(), package=bundled_tar_core()) as engine:
        motion = _motion(video, _job(options), engine, _show)
    people, files = _convert(motion, options.output, options)
    for file in files:
        print(f"{file}: {people} people, {motion.last_frame + 1} frames")


def _run_batch(options: argparse.Namespace) -> int:
    if len(options.output) > 1 or options.output[0].is_file():
        raise TarError("several videos are written to one folder; give it with -o, and the formats with --format")
    folder, formats, clips = options.output[0], options.format, find_clips(options.video)
    find_python, job = _python_finder(), _job(options)
    errors = sys.stderr  # what `save_scene` redirects, while an engine may have something to say

    def tell(outcome: Outcome) -> None:
        if outcome.status == "failed":
            print(f"{NAME}: {outcome.message}", file=sys.stderr, flush=True)
        else:
            print(f"{outcome.video}: {outcome.status}", flush=True)

    def capture(video: Path, engine: PatientEngine) -> MotionClip:
        def show(event: Event) -> None:
            if isinstance(event, Notice):
                print(f"{NAME}: {video}: {event.message}", file=errors, flush=True)
            elif options.jobs == 1:  # several would write over one another
                _show(event)

        return _motion(video, job, engine, show)

    engines = [PatientEngine(find_python, package=bundled_tar_core()) for _ in range(min(options.jobs, len(clips)))]
    with CaptureQueue(engines, capture) as captures:

        def convert(video: Path, files: Sequence[Path]) -> tuple[int, list[Path]]:
            return _convert(captures.motion(video), files, options)

        outcomes = run_batch(
            clips, folder, formats, convert, tell, options.resume, options.overwrite, captures.finished
        )
    return EXIT_BAD_INPUT if any(outcome.status == "failed" for outcome in outcomes) else 0


def _convert(clip: MotionClip, outputs: Sequence[Path], options: argparse.Namespace) -> tuple[int, list[Path]]:
    """Writes a clip's files; returns how many people are in it and what was written."""
    # The startup file's cube and lamp are not part of the result; nor do its settings matter.
    bpy.ops.wm.read_homefile(use_empty=True)
    if options.fps is not None:
        set_frame_rate(bpy.context.scene, options.fps)
    wanted = ImportOptions(
        start_frame=options.start_frame,
        smoothing=options.smoothing,
        lean_correction=options.lean_correction,
        foot_locking=options.foot_locking,
        with_body=not options.armature_only,
        keep_frame_rate=options.fps is not None,
    )
    imported = import_clip(clip, bpy.context, wanted)
    for warning in imported.warnings:
        print(f"{NAME}: {warning}", file=sys.stderr)
    moved = [person.armature for person in imported.people]
    if options.character is not None:
        moved = [replace_person(person, options.character) for person in moved]
    if options.reduce_keys is not None:
        for thing in moved:
            reduce_keys(thing, Tolerance(degrees=options.reduce_keys))
    written: list[Path] = []
    for output in outputs:
        if output.name.lower().endswith(f".{AMASS}"):
            written += save_amass(output, imported.clip, clip_body(clip), imported.placement)
        elif _is_motion(output):
            imported.clip.save(output)
            written.append(output)
        elif options.separate:
            written += save_each(output, moved)
        else:
            written += save_scene(output)
    return len(clip.people), written


def _is_motion(output: Path) -> bool:
    """Whether a file holds motion alone, which needs no scene."""
    return output.suffix.lower() == f".{MOTION}"


def _python_finder() -> Callable[[], Path]:
    """Finds the engine's Python now, as threads must not ask Blender, and complains only when it is needed."""
    try:
        python = engine_python(bpy.context)
    except TarError as error:
        complaint = error

        def complain() -> Path:
            raise complaint

        return complain
    return lambda: python


def _job(options: argparse.Namespace) -> CaptureJob:
    """What the engine is asked for every video, whose name is still to be filled in."""
    chosen = engine_choices(bpy.context)
    threads = options.threads or chosen.get("threads")
    if threads is None and options.jobs > 1:  # as many as one engine would take by itself, shared out
        threads = max(1, (os.cpu_count() or 1) // 2 // options.jobs)
    return CaptureJob(
        video="",
        start=options.start,
        end=options.end,
        people=options.people,
        focal_length=options.focal_length,
        fov=options.fov,
        device=options.device or chosen.get("device", "auto"),
        body=str(options.body.absolute()) if options.body else body_file(bpy.context),
        box=options.box,
        checkpoint=str(options.checkpoint.absolute()) if options.checkpoint else chosen.get("checkpoint"),
        camera_trajectory=str(options.camera_trajectory.absolute()) if options.camera_trajectory else None,
        trajectory_scale=options.trajectory_scale,
        static_camera=options.static_camera,
        every_frame=options.every_frame,
        threads=threads,
    )


def _motion(source: Path, job: CaptureJob, engine: PatientEngine, on_event: Callable[[Event], None]) -> MotionClip:
    """The motion of a video by way of the engine, or of a motion file at once; leaves Blender's data alone."""
    if source.suffix.lower() == f".{MOTION}":
        return load_motion(source, load_body())
    check_video_file(source)
    try:
        return engine.capture(replace(job, video=str(source.absolute())), on_event)
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)


def _show(event: Event) -> None:
    if isinstance(event, Notice):
        print(f"{NAME}: {event.message}", file=sys.stderr)
    elif isinstance(event, Progress) and sys.stderr.isatty():
        print(f"\r{event}   ", end="", file=sys.stderr, flush=True)


def _people(text: str) -> str | int:
    if text in ("all", "largest"):
        return text
    if text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is none of all, largest or a number above zero")


def _box(text: str) -> tuple[float, ...]:
    try:
        box = tuple(float(number) for number in text.split(","))
    except ValueError:
        box = ()
    if len(box) != 5:
        raise argparse.ArgumentTypeError(f"{text!r} is not FRAME,X0,Y0,X1,Y1")
    return box


def _strength(text: str) -> float:
    try:
        strength = float(text)
        check_strength(strength)
    except (ValueError, TarError):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1") from None
    return strength


def _above_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above zero")
    return number


def _whole_above_zero(text: str) -> int:
    if not (text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above zero")
    return int(text)


def _formats(text: str) -> list[str]:
    formats = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in formats if name not in _ALL_FORMATS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} is none of {', '.join(_ALL_FORMATS)}")
    return [_ALL_FORMATS[name] for name in dict.fromkeys(formats)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=NAME, description="From a video to animated SMPL characters in a scene file.")
    parser.add_argument(
        "video", type=Path, nargs="+", help="videos, folders of videos, or motion files (.npz) captured before"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        action="append",
        required=True,
        help=f"the file to write, whose ending is one of {', '.join(_ALL_FORMATS.values())}; may be given more than "
        "once; of several videos, a folder",
    )
    parser.add_argument(
        "--format",
        type=_formats,
        default=["blend"],
        help=f"for a folder: some of {', '.join(_ALL_FORMATS)}, with commas between",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="leave alone the videos whose files are all there")
    existing.add_argument("--overwrite", action="store_true", help="write files anew that are there")
    parser.add_argument(
        "--jobs",
        type=_whole_above_zero,
        default=1,
        metavar="N",
        help="capture so many videos at once: for machines with many cores, or a GPU that one leaves idle",
    )
    parser.add_argument(
        "--separate",
        action="store_true",
        help="a file for each person, without the camera and all with the same skeleton, as game engines want it",
    )
    parser.add_argument("--armature-only", action="store_true", help="no bodies, only the bones")
    parser.add_argument(
        "--smoothing",
        type=_strength,
        default=0.3,
        help="0 to 1: take jitter out (default 0.3; 0 leaves it as captured)",
    )
    parser.add_argument(
        "--character",
        type=Path,
        metavar="FILE",
        help="a rigged character of yours (.blend, .fbx, .glb) that moves instead of the SMPL bodies",
    )
    parser.add_argument("--fps", type=_above_zero, help="resample the motion to so many frames a second")
    parser.add_argument(
        "--reduce-keys", type=_above_zero, metavar="DEGREES", help="leave few keys: rotations may be off by so much"
    )
    parser.add_argument("--people", type=_people, default="all", help="all, largest, or how many of the largest")
    parser.add_argument("--start", type=int, default=0, help="first frame, from 0")
    parser.add_argument("--end", type=int, help="last frame")
    camera = parser.add_mutually_exclusive_group()
    camera.add_argument("--focal-length", type=float, help="the camera's focal length in pixels")
    camera.add_argument("--fov", type=float, help="the camera's field of view across the longer side, in degrees")
    parser.add_argument(
        "--camera-trajectory",
        type=Path,
        metavar="FILE",
        help="the camera's path, solved elsewhere: an .npz (docs/file_format.md), or the folder of a COLMAP text model",
    )
    parser.add_argument(
        "--trajectory-scale",
        type=lambda text: 0.0 if text == "feet" else _above_zero(text),
        default=1.0,
        metavar="METERS|feet",
        help="that one unit of the path is long (default 1); feet: as long as lets feet stand best",
    )
    parser.add_argument(
        "--static-camera", action="store_true", help="do not look whether the camera turns; it stands on a tripod"
    )
    parser.add_argument(
        "--every-frame",
        action="store_true",
        help="look at each frame of a video of 60 fps and more, not at 30 a second",
    )
    parser.add_argument("--device", help="auto, cpu, cuda or mps (default: the add-on's preferences, else auto)")
    parser.add_argument("--threads", type=_whole_above_zero, help="of the processor (default: half of what it has)")
    parser.add_argument("--body", type=Path, help="your own SMPL file instead of the free body")
    parser.add_argument("--box", type=_box, help="FRAME,X0,Y0,X1,Y1: follow the person in this box, in pixels")
    parser.add_argument("--checkpoint", type=Path, help="another network file than the default one")
    parser.add_argument("--start-frame", type=int, default=1, help="the scene frame of the video's first frame")
    parser.add_argument(
        "--lean-correction",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="turn people who lean too far towards the camera or away until their weight is above their feet",
    )
    parser.add_argument(
        "--foot-locking",
        type=_strength,
        default=1.0,
        help="0 to 1: let standing feet stand, for cameras that are not carried (default 1; 0 leaves them as captured)",
    )
    return parser


_registered: object = None


def register() -> None:
    global _registered
    _registered = bpy.utils.register_cli_command(NAME, main)


def unregister() -> None:
    bpy.utils.unregister_cli_command(_registered)


if __name__ == "__main__":
    own = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    code = main(own)
    if not bpy.app.binary_path:
        # As a Python module, Blender 4.2 crashes at Python's end after a glTF export, with all the work done.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)
