"""The processes that follow the stretches of a video side by side."""

import logging
import multiprocessing
import queue
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tar_core.capture.frames import NoFrameError
from tar_core.capture.pass_record import PassRecord, ShotStart
from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.options import CaptureOptions
from tar_core.workers import end_with_parent

logger = logging.getLogger(__name__)

POLL = 0.5  # seconds between checks that the processes live
PREVIEW_INTERVAL = 0.1  # seconds
_PROGRESS, _RECORD, _ERROR = "progress", "record", "error"  # kinds of messages


@dataclass(frozen=True)
class Stretch:
    """A part of a video, by the numbers of video frames.

    Attributes:
        begin: where to begin.
        first: the first frame that counts.
        last: the last frame that counts; None for the end of the video.
        end: where to end; None for the end of the video.
        begun: the shot within which it begins; None for the beginning of the range to capture.
    """

    begin: int
    first: int
    last: int | None
    end: int | None
    begun: ShotStart | None = None

    def counts(self, frame: int) -> bool:
        """Whether a frame counts."""
        return self.first <= frame and (self.last is None or frame <= self.last)


def follow_side_by_side(
    video: Path,
    options: CaptureOptions,
    stretches: Sequence[Stretch],
    report: Callable[[Progress], None],
    total: int | None = None,
) -> list[PassRecord | None]:
    """Follow the people in each stretch, in a process of its own.

    Args:
        video: the video.
        options: what to capture; the range is that of each stretch.
        stretches: the stretches.
        report: called after each frame that counts. An exception that it raises ends the processes.
        total: number of frames that count.

    Returns:
        The record of each stretch; None if the video ends before it.

    Raises:
        TarError: a process has failed.
    """
    context = multiprocessing.get_context("spawn")
    messages: Any = context.Queue()
    processes: list[Any] = []
    records: dict[int, PassRecord | None] = {}
    began, done = time.monotonic(), 0
    try:
        for index, stretch in enumerate(stretches):
            part = replace(options, start=stretch.begin, end=stretch.end)
            process = context.Process(target=_work, args=(index, video, part, stretch, messages), daemon=True)
            process.start()
            processes.append(process)
        while len(records) < len(stretches):
            try:
                kind, index, content = messages.get(timeout=POLL)
            except queue.Empty:
                _check(processes, records)
                continue
            if kind == _PROGRESS:
                done += 1
                report(Progress("capture", done, total, done / max(time.monotonic() - began, 1e-6), content))
            elif kind == _ERROR:
                raise content
            else:
                records[index], warnings = content
                for text, topic in warnings:
                    logger.warning(text, extra={"topic": topic})
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
    return [records[index] for index in range(len(stretches))]


def _check(processes: Sequence[Any], records: dict[int, PassRecord | None]) -> None:
    """Check that every process without a record lives.

    Raises:
        TarError: one has ended.
    """
    for index, process in enumerate(processes):
        if index not in records and process.exitcode:
            raise TarError(
                f"a process that captured a part of the video has ended (code {process.exitcode}), probably for lack of"
                " memory; use fewer workers"
            )


def _work(index: int, video: Path, options: CaptureOptions, stretch: Stretch, messages: Any) -> None:
    """Follow the people in a stretch. Runs in a process of its own, which ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too
    end_with_parent()
    warnings = _Warnings()
    logging.getLogger("tar_core").addHandler(warnings)
    frame, previewed = stretch.begin - 1, 0.0

    def report(progress: Progress) -> None:
        nonlocal frame, previewed
        frame += 1
        if stretch.counts(frame):
            # The first stretch alone shows what it sees; pictures of several places would flicker.
            is_due = index == 0 and time.monotonic() - previewed > PREVIEW_INTERVAL
            previewed = time.monotonic() if is_due else previewed
            messages.put((_PROGRESS, index, progress.preview if is_due else None))

    try:
        record = None
        with suppress(NoFrameError):
            record = _follow(video, options, report, stretch.begun)
        messages.put((_RECORD, index, (record, warnings.lines)))
    except TarError as error:
        messages.put((_ERROR, index, error))
    except MemoryError:
        messages.put((_ERROR, index, TarError("not enough memory; use fewer workers")))


def _follow(
    video: Path, options: CaptureOptions, report: Callable[[Progress], None], begun: ShotStart | None
) -> PassRecord:
    from tar_core.capture.networks import Networks
    from tar_core.capture.people_pass import follow_people
    from tar_core.memory import return_large_blocks
    from tar_core.video.reader import VideoReader

    return_large_blocks()
    return follow_people(VideoReader(video), options, Networks.load(options), report, begun)


class _Warnings(logging.Handler):
    """Collects warnings: text and topic."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), getattr(record, "topic", "")))
