"""The threads that follow the stretches of a video side by side, where one runtime on a GPU serves them all.

The runtime joins what they ask for into batches. Processes would each have networks of their own and small batches.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tar_core.capture.frames import NoFrameError
from tar_core.capture.networks import Networks
from tar_core.capture.pass_record import PassRecord
from tar_core.capture.people_pass import follow_people, one_opencv_thread
from tar_core.capture.progress import Progress
from tar_core.capture.stretch_processes import Stretch
from tar_core.options import CaptureOptions
from tar_core.video.reader import VideoReader

POLL = 0.1  # seconds between checks that the threads work


class _StoppedError(Exception):
    """Ends a thread whose result is not wanted anymore."""


def follow_in_threads(
    video: Path,
    options: CaptureOptions,
    stretches: Sequence[Stretch],
    report: Callable[[Progress], None],
    networks: Networks,
    total: int | None = None,
) -> list[PassRecord | None]:
    """Follow the people in each stretch as `follow_side_by_side` does, in a thread of its own.

    Args:
        networks: used by all threads.

    Raises:
        TarError: a stretch cannot be followed.
    """
    if not stretches:
        return []
    seen: queue.SimpleQueue[Progress] = queue.SimpleQueue()
    stop = threading.Event()
    began, done = time.monotonic(), 0

    def follow(index: int, stretch: Stretch) -> PassRecord | None:
        part = replace(options, start=stretch.begin, end=stretch.end)
        frame = stretch.begin - 1

        def note(progress: Progress) -> None:
            nonlocal frame
            if stop.is_set():
                raise _StoppedError
            frame += 1
            if stretch.counts(frame):
                # The first stretch alone shows what it sees; pictures of several places would flicker.
                seen.put(replace(progress, preview=progress.preview if index == 0 else None))

        with suppress(NoFrameError):
            return follow_people(VideoReader(video), part, networks, note, stretch.begun)
        return None

    def report_all() -> None:
        nonlocal done
        with suppress(queue.Empty):
            while True:
                progress = seen.get(timeout=POLL)
                done += 1
                rate = done / max(time.monotonic() - began, 1e-6)
                report(Progress("capture", done, total, rate, progress.preview))

    with one_opencv_thread(), ThreadPoolExecutor(len(stretches), "stretch") as threads:
        futures = [threads.submit(follow, *numbered) for numbered in enumerate(stretches)]
        try:
            while not all(future.done() for future in futures):
                report_all()
                for future in futures:
                    if future.done():
                        future.result()
            report_all()
        finally:
            stop.set()
        return [future.result() for future in futures]
