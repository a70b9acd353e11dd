"""The command `tar-capture batch`: captures many videos to motion files."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tar_core.amass import load_motion
from tar_core.arguments import HINTS, from_arguments, with_values
from tar_core.batch.engine_pool import EnginePool
from tar_core.batch.inputs import BatchVideo, check_shared_options, find_videos
from tar_core.batch.ray_pool import RayPool, Resources, Task
from tar_core.batch.report import DONE, FAILED, SKIPPED, Outcome
from tar_core.batch.runner import Batch, Output, Written, run_batch
from tar_core.batch.settings import limit_on_cluster, number_of_engines, on_cluster, settings_text, with_share
from tar_core.batch.storage import written_to
from tar_core.body.data import body_of_clip, load_body
from tar_core.cleanup.pipeline import clean_up
from tar_core.duration import format_duration
from tar_core.engine.blocking_client import BlockingEngine
from tar_core.engine.protocol import Event, Job, Notice
from tar_core.errors import TarError, with_hint
from tar_core.files import check_video_file
from tar_core.options import NO_CLEANUP, CaptureOptions, CleanupOptions
from tar_core.program import EXIT_ERROR
from tar_core.shot_files import save_shots

ENDING = "npz"


@dataclass(frozen=True)
class ClipOptions:
    """How to process one video of a batch."""

    capture: CaptureOptions
    cleanup: CleanupOptions

    @classmethod
    def of(
        cls,
        arguments: argparse.Namespace,
        video: BatchVideo,
        shared: Callable[[CaptureOptions], CaptureOptions],
    ) -> "ClipOptions":
        """The options for a video: those for all videos, and its own instead of some of them.

        Args:
            arguments: the parsed arguments.
            video: the video.
            shared: adds the share of the machine to the options.

        Raises:
            TarError: an option is unknown or has an unusable value.
        """
        try:
            own = with_values(arguments, (CaptureOptions, CleanupOptions), video.options)
            capture = from_arguments(CaptureOptions, own)
        except TarError as error:
            raise TarError(f"{video}: {error}") from None
        capture = replace(
            shared(capture),
            body=_absolute(capture.body),
            checkpoint=_absolute(capture.checkpoint),
            camera_trajectory=_absolute(capture.camera_trajectory),
            views=tuple(view.absolute() for view in capture.views),
        )
        cleanup = NO_CLEANUP if arguments.raw else from_arguments(CleanupOptions, own)
        return cls(capture, cleanup)

    def settings(self) -> str:
        """All that the result depends on, as text."""
        return f"{settings_text(self.capture)} {self.cleanup}"


def _absolute(path: Path | None) -> Path | None:
    """Make a path absolute, since the engines run in other folders."""
    return None if path is None else path.absolute()


def run(arguments: argparse.Namespace) -> int:
    """Capture many videos. Returns the exit code: not 0 if a video failed.

    Raises:
        TarError: there is no video, an option is unusable, or the folder cannot be written.
    """
    videos = find_videos(arguments.inputs)
    if arguments.shard is not None:
        videos = arguments.shard.of(videos)
    given = from_arguments(CaptureOptions, arguments)
    check_shared_options(given, videos)
    count = number_of_engines(given, len(videos))
    shared = partial(with_share, engines=count) if arguments.ray is None else on_cluster
    options = {video.name: ClipOptions.of(arguments, video, shared) for video in videos}
    batch = Batch(
        folder=arguments.output,
        endings=[ENDING],
        settings=lambda video: options[video.name].settings(),
        resume=arguments.resume,
        overwrite=arguments.overwrite,
        inputs=_inputs(videos, options),
        shard=arguments.shard,
        results=arguments.results,
    )
    display = _Display(len(videos))

    def task_of(video: BatchVideo) -> Task:
        (output,) = batch.outputs(video)
        return partial(capture_to_file, video.path.absolute(), output.absolute(), options[video.name])

    pool: EnginePool[Written] | RayPool[Written]
    if arguments.ray is None:
        engines = [BlockingEngine(lambda: Path(sys.executable)) for _ in range(count)]
        pool = EnginePool(engines, lambda video, engine: task_of(video)(engine, partial(display.notice, video)))
    else:
        limit = limit_on_cluster(given, len(videos))
        pool = RayPool(arguments.ray, Resources.of(given), limit, task_of, display.notice)
    with pool:
        outcomes = run_batch(
            videos, batch, lambda video, files: pool.result(video).named(files), display.show, pool.finished
        )
    print(display.summary())
    return EXIT_ERROR if any(outcome.status == FAILED for outcome in outcomes) else 0


def capture_to_file(
    video: Path, output: Output, options: ClipOptions, engine: BlockingEngine, on_event: Callable[[Event], None]
) -> Written:
    """Capture a video with an engine or read a motion file, clean the motion up and write it.

    Raises:
        TarError: the capture failed, or the output cannot be written.
    """
    if is_motion := video.suffix.lower() == f".{ENDING}":
        clips = load_motion(video, load_body(), options.capture.shot)
    else:
        check_video_file(video)
        try:
            clips = engine.capture(Job(str(video.absolute()), options.capture), on_event)
        except TarError as error:
            raise TarError(with_hint(str(error), error.topic, HINTS)) from error
    body = body_of_clip(clips[0])
    clips = [clean_up(clip, body, options.cleanup, on_ground=is_motion).clip for clip in clips]
    with written_to(output) as path:
        save_shots(path, clips)
    people = [person for clip in clips for person in clip.people]
    first, last = min(int(one.frames[0]) for one in people), max(int(one.frames[-1]) for one in people)
    return Written.of(video, [output], len(people), last - first + 1)


def _inputs(videos: Sequence[BatchVideo], options: dict[str, ClipOptions]) -> list[Path | None]:
    files: list[Path | None] = [video.path for video in videos]
    for one in options.values():
        files += [one.capture.body, one.capture.checkpoint, one.capture.camera_trajectory, *one.capture.views]
    return files


class _Display:
    """Prints the outcomes, with the time that is left."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._counts = {DONE: 0, FAILED: 0, SKIPPED: 0}
        self._began = time.monotonic()

    def notice(self, video: BatchVideo, event: Event) -> None:
        """Print an event if it is a warning about a video."""
        if isinstance(event, Notice):
            text = with_hint(event.message, event.topic, HINTS)
            print(f"tar-capture: warning: {video}: {text}", file=sys.stderr, flush=True)

    def show(self, outcome: Outcome) -> None:
        self._counts[outcome.status] += 1
        if outcome.status == FAILED:
            print(f"tar-capture: {outcome.message}", file=sys.stderr, flush=True)
        if outcome.status == SKIPPED:
            return  # there may be thousands
        ended = sum(self._counts.values())
        worked = ended - self._counts[SKIPPED]
        left = (time.monotonic() - self._began) / worked * (self._total - ended)
        people = "1 person" if outcome.people == 1 else f"{outcome.people} people"
        about = f"{people}, {outcome.frames} frames" if outcome.status == DONE else outcome.status
        rest = f", {format_duration(left)} left" if ended < self._total else ""
        print(f"{outcome.video}: {about} ({ended} of {self._total}{rest})", flush=True)

    def summary(self) -> str:
        """The number of videos by what has become of them."""
        done, failed, skipped = (self._counts[status] for status in (DONE, FAILED, SKIPPED))
        return f"{done} captured, {skipped} already finished, {failed} failed"
