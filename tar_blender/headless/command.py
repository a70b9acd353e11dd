"""The command `blender -b --command tar_capture`: converts one video to scene files, or several videos to a folder.

blender -b --command tar_capture VIDEO -o out.blend                   with the extension installed
blender -b -P tar_blender/headless/command.py -- VIDEO -o out.blend   from a checkout
python -m tar_blender.headless.command VIDEO -o out.blend             with Blender as a Python module (bpy)

tar_capture a.mp4 b.mov clips/ -o out/ --format blend,fbx,npz [--resume]
                                                                      writes out/a.blend ... out/report.jsonl
"""

import sys

if not __package__:  # run as a script; run it again as a module of the package
    import runpy
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    runpy.run_module("tar_blender.headless.command", run_name="__main__")

import argparse
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from tar_core.amass import load_motion
from tar_core.arguments import HINTS, from_arguments, with_values
from tar_core.batch.engine_pool import EnginePool
from tar_core.batch.inputs import BatchVideo, check_shared_options, find_videos, is_several
from tar_core.batch.report import FAILED, Outcome
from tar_core.batch.runner import Batch, Written, run_batch
from tar_core.batch.settings import number_of_engines, settings_text, with_share
from tar_core.body.data import load_body
from tar_core.engine.blocking_client import BlockingEngine
from tar_core.engine.protocol import Event, Job, Notice, Progress
from tar_core.errors import TarError, with_hint
from tar_core.files import check_outputs, check_video_file
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions
from tar_core.program import EXIT_INTERRUPTED, EXIT_TERMINATED

from ..engine.paths import body_file, bundled_tar_core, engine_choices, engine_program
from ..export.formats import check_format
from ..scene.options import ImportOptions
from .arguments import NAME, build_parser, check_arguments, input_files
from .convert import convert, is_motion

EXIT_BAD_INPUT = 2
_LINE_INTERVAL = 30.0  # seconds between the lines of progress if standard error is not a terminal


class _Terminated(KeyboardInterrupt):
    """SIGTERM."""


def main(arguments: Sequence[str]) -> int:
    """Run the command. The exit code is 0, 2 after errors (one line each), 130 after Ctrl-C, or 143 after SIGTERM."""
    try:
        options = build_parser().parse_args(arguments)
        check_arguments(options)
        with _signals_interrupt():
            if _is_batch(options):
                return _run_batch(options)
            _run_one(options)
    except TarError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt as end:
        print(f"{NAME}: cancelled", file=sys.stderr)
        return EXIT_TERMINATED if isinstance(end, _Terminated) else EXIT_INTERRUPTED
    except SystemExit as end:  # argparse has printed the reason; Blender needs the code
        return int(end.code or 0)
    return 0


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Make Ctrl-C and SIGTERM raise KeyboardInterrupt, which ends the engines and deletes temporary files.

    By default, Ctrl-C would only cancel a render, and SIGTERM would end Blender at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: _terminate}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # Python cannot restore a handler that it did not install
                signal.signal(number, handler)


def _terminate(*_: object) -> None:
    raise _Terminated


def _is_batch(options: argparse.Namespace) -> bool:
    """Whether there are several inputs or the output is a folder, which may not exist yet."""
    (first, *others) = options.output
    return is_several(options.video) or not (others or first.suffix) or first.is_dir()


def _run_one(options: argparse.Namespace) -> None:
    for output in options.output:
        if not is_motion(output):
            check_format(output)
    check_outputs(options.output, input_files(options))
    (video,) = options.video
    with _engine_maker()() as engine:
        clips = _motion(video, _capture_options(options), engine, _Display().show)
    for clip in clips:
        if clip.shot is not None:
            print(clip.shot.with_times(clip.fps))
    people, files = convert(clips, options.output, options)
    frames = max(clip.last_frame for clip in clips) + 1
    for file in files:
        print(f"{file}: {'1 person' if people == 1 else f'{people} people'}, {frames} frames")


def _run_batch(options: argparse.Namespace) -> int:
    if len(options.output) > 1 or options.output[0].is_file():
        raise TarError(
            "the output of several videos is a folder; give the folder with -o, and the formats with --format"
        )
    videos = find_videos(options.video)
    if options.shard is not None:
        videos = options.shard.of(videos)
    check_shared_options(from_arguments(CaptureOptions, options), videos)
    own = {video.name: _options_of(options, video) for video in videos}
    count = number_of_engines(_capture_options(options), len(videos))
    wanted = {name: with_share(_capture_options(arguments), count) for name, arguments in own.items()}
    batch = Batch(
        folder=options.output[0],
        endings=options.format,
        settings=lambda video: _settings(own[video.name], wanted[video.name]),
        resume=options.resume,
        overwrite=options.overwrite,
        inputs=[
            *(video.path for video in videos),
            *input_files(options),
            *(view for capture in wanted.values() for view in capture.views),
        ],
        shard=options.shard,
    )
    make_engine = _engine_maker()
    errors = sys.stderr  # for other threads, while `save_scene` redirects sys.stderr

    def report(outcome: Outcome) -> None:
        if outcome.status == FAILED:
            print(f"{NAME}: {outcome.message}", file=sys.stderr, flush=True)
        else:
            print(f"{outcome.video}: {outcome.status}", flush=True)

    def capture(video: BatchVideo, engine: BlockingEngine) -> list[MotionClip]:
        display = _Display()

        def show(event: Event) -> None:
            if isinstance(event, Notice):
                print(f"{NAME}: {video}: {_text(event)}", file=errors, flush=True)
            elif count == 1:  # the progress of several jobs does not fit into one line
                display.show(event)

        return _motion(video.path, wanted[video.name], engine, show)

    engines = [make_engine() for _ in range(count)]
    with EnginePool(engines, capture) as captures:

        def build(video: BatchVideo, files: Sequence[Path]) -> Written:
            clips = captures.result(video)
            people, written = convert(clips, files, own[video.name])
            return Written.of(video.path, written, people, _frame_count(clips))

        outcomes = run_batch(videos, batch, build, report, captures.finished)
    return EXIT_BAD_INPUT if any(outcome.status == FAILED for outcome in outcomes) else 0


def _options_of(options: argparse.Namespace, video: BatchVideo) -> argparse.Namespace:
    """The arguments for one video: those for all videos, and its own options instead of some of them."""
    try:
        return with_values(options, (CaptureOptions, ImportOptions), video.options)
    except TarError as error:
        raise TarError(f"{video}: {error}") from None


def _settings(options: argparse.Namespace, capture: CaptureOptions) -> str:
    """All that the result of a video depends on, as text."""
    names = ("separate", "character", "limbs", "root_motion", "fps", "reduce_keys")
    scene = {name: getattr(options, name) for name in names}
    return f"{settings_text(capture)} {from_arguments(ImportOptions, options)} {scene}"


def _frame_count(clips: Sequence[MotionClip]) -> int:
    """Number of frames from the first to the last one with a person."""
    first = min(int(person.frames[0]) for clip in clips for person in clip.people)
    return max(clip.last_frame for clip in clips) + 1 - first


def _engine_maker() -> Callable[[], BlockingEngine]:
    """Choose the engine's program now, since threads must not access Blender; raise an error only if it is needed."""
    package = bundled_tar_core()
    try:
        program = engine_program(bpy.context)
    except TarError as error:
        reason = error

        def fail() -> Path:
            raise reason

        return lambda: BlockingEngine(fail, package=package)
    return lambda: BlockingEngine(lambda: program.python, program.arguments, package)


def _capture_options(arguments: argparse.Namespace) -> CaptureOptions:
    """Create the options for all videos. Device, checkpoint, threads and body default to the preferences."""
    options = from_arguments(CaptureOptions, arguments)
    preferred = engine_choices(bpy.context)
    return replace(
        options,
        device=preferred.get("device", "auto") if options.device == "auto" else options.device,
        checkpoint=_absolute(options.checkpoint or preferred.get("checkpoint")),
        body=_absolute(options.body or body_file(bpy.context)),
        camera_trajectory=_absolute(options.camera_trajectory),
        views=tuple(path.absolute() for path in options.views),
        threads=options.threads or preferred.get("threads"),
    )


def _absolute(path: Path | str | None) -> Path | None:
    """Make a path absolute, since the engine may run in another folder."""
    return None if path is None else Path(path).absolute()


def _motion(
    source: Path, options: CaptureOptions, engine: BlockingEngine, on_event: Callable[[Event], None]
) -> list[MotionClip]:
    """Capture the shots of a video, or read a motion file. Does not access Blender's data."""
    if is_motion(source):
        return load_motion(source, load_body(), options.shot)
    check_video_file(source)
    try:
        return engine.capture(Job(str(source.absolute()), options), on_event)
    except TarError as error:
        raise TarError(with_hint(str(error), error.topic, HINTS)) from error
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)


class _Display:
    """Shows events on standard error: the progress in one line, or in lines from time to time if it is redirected."""

    def __init__(self) -> None:
        self._next_line = time.monotonic() + _LINE_INTERVAL

    def show(self, event: Event) -> None:
        if isinstance(event, Notice):
            print(f"{NAME}: {_text(event)}", file=sys.stderr)
        elif not isinstance(event, Progress):
            return
        elif sys.stderr.isatty():
            print(f"\r{event}   ", end="", file=sys.stderr, flush=True)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_INTERVAL
            print(f"{NAME}: {event}", file=sys.stderr, flush=True)


def _text(notice: Notice) -> str:
    return with_hint(notice.message, notice.topic, HINTS)


_registered: object = None


def register() -> None:
    global _registered
    register_command: Any = bpy.utils.register_cli_command  # the stubs lack its result
    _registered = register_command(NAME, main)


def unregister() -> None:
    bpy.utils.unregister_cli_command(_registered)


if __name__ == "__main__":
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    code = main(arguments)
    if not bpy.app.binary_path:
        # As a Python module, Blender 4.2 crashes at the end of Python after a glTF export, so exit immediately.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)
