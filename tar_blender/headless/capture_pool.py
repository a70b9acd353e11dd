"""Captures of many videos: some engines side by side, each of which takes one video after the other."""

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from tar_core.engine.blocking_client import BlockingEngine
from tar_core.motion import MotionClip


class CaptureQueue:
    """Captures in threads, so that scenes are built while the engines go on.

    Args:
        capture: the motion of a video by way of an engine; runs in a thread and so leaves Blender's data alone.
    """

    def __init__(
        self, engines: Sequence[BlockingEngine], capture: Callable[[Path, BlockingEngine], MotionClip]
    ) -> None:
        self._engines, self._capture = engines, capture
        self._free: queue.SimpleQueue[BlockingEngine] = queue.SimpleQueue()
        for engine in engines:
            self._free.put(engine)
        self._threads = ThreadPoolExecutor(len(engines))
        self._motions: dict[Path, Future[MotionClip]] = {}
        self._began: dict[Path, float] = {}

    def __enter__(self) -> "CaptureQueue":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for engine in self._engines:
            engine.close()
        self._threads.shutdown()

    def finished(self, videos: Sequence[Path]) -> Iterator[tuple[Path, float]]:
        """Begins with all of them; gives each when it is captured or has failed, and when that began."""
        self._motions = {video: self._threads.submit(self._run, video) for video in videos}
        video_of = {future: video for video, future in self._motions.items()}
        for future in as_completed(video_of):
            video = video_of[future]
            yield video, self._began[video]

    def motion(self, video: Path) -> MotionClip:
        """The motion of a video that is finished; it can be had once.

        Raises:
            TarError: what the engine says is wrong.
        """
        return self._motions.pop(video).result()

    def _run(self, video: Path) -> MotionClip:
        self._began[video] = time.monotonic()
        engine = self._free.get()
        try:
            return self._capture(video, engine)
        finally:
            self._free.put(engine)
