"""Capture many videos with several engines in parallel; each engine captures one video after another."""

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from tar_core.engine.blocking_client import BlockingEngine
from tar_core.motion import MotionClip


class CapturePool:
    """Captures videos in threads, so that scenes are built while the engines work."""

    def __init__(
        self, engines: Sequence[BlockingEngine], capture: Callable[[Path, BlockingEngine], list[MotionClip]]
    ) -> None:
        """Create the pool.

        Args:
            engines: closed when the pool is left.
            capture: captures a video with an engine; called in a thread, so it must not access Blender's data.
        """
        self._engines, self._capture = engines, capture
        self._free: queue.SimpleQueue[BlockingEngine] = queue.SimpleQueue()
        for engine in engines:
            self._free.put(engine)
        self._threads = ThreadPoolExecutor(len(engines))
        self._motions: dict[Path, Future[list[MotionClip]]] = {}
        self._started: dict[Path, float] = {}

    def __enter__(self) -> "CapturePool":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for engine in self._engines:
            engine.close()
        self._threads.shutdown()

    def finished(self, videos: Sequence[Path]) -> Iterator[tuple[Path, float]]:
        """Capture all videos; yield each once it is captured or has failed, and the time at which it was started."""
        self._motions = {video: self._threads.submit(self._run, video) for video in videos}
        video_of = {future: video for video, future in self._motions.items()}
        for future in as_completed(video_of):
            video = video_of[future]
            yield video, self._started[video]

    def motion(self, video: Path) -> list[MotionClip]:
        """Return the motion in each shot of a finished video.

        It can be called once for each video, because motions are large.

        Raises:
            TarError: the capture failed.
        """
        return self._motions.pop(video).result()

    def _run(self, video: Path) -> list[MotionClip]:
        self._started[video] = time.monotonic()
        engine = self._free.get()
        try:
            return self._capture(video, engine)
        finally:
            self._free.put(engine)
