"""Process many videos with several engines in parallel; each engine captures one video after another."""

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Generic, TypeVar

from tar_core.batch.inputs import BatchVideo
from tar_core.batch.runner import Ready
from tar_core.engine.blocking_client import BlockingEngine

Result = TypeVar("Result")


class EnginePool(Generic[Result]):
    """Processes videos in threads, so that the caller can use the results while the engines work."""

    def __init__(
        self, engines: Sequence[BlockingEngine], process: Callable[[BatchVideo, BlockingEngine], Result]
    ) -> None:
        """Create the pool.

        Args:
            engines: closed when the pool is left.
            process: processes a video with an engine; called in a thread, so it must not access Blender's data.
        """
        self._engines, self._process = engines, process
        self._free: queue.SimpleQueue[BlockingEngine] = queue.SimpleQueue()
        for engine in engines:
            self._free.put(engine)
        self._threads = ThreadPoolExecutor(len(engines))
        self._results: dict[str, Future[Result]] = {}
        self._started: dict[str, float] = {}

    def __enter__(self) -> "EnginePool[Result]":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        with ThreadPoolExecutor(len(self._engines)) as threads:  # each may take seconds
            list(threads.map(BlockingEngine.close, self._engines))
        self._threads.shutdown()

    def finished(self, videos: Sequence[BatchVideo]) -> Iterator[Ready]:
        """Process all videos; yield each once it is done or has failed."""
        self._results = {video.name: self._threads.submit(self._run, video) for video in videos}
        video_of = {self._results[video.name]: video for video in videos}
        for future in as_completed(video_of):
            video = video_of[future]
            yield Ready(video, self._started[video.name])

    def result(self, video: BatchVideo) -> Result:
        """Return the result of a finished video. It can be called once for each video, because results are large.

        Raises:
            TarError: the processing failed.
        """
        return self._results.pop(video.name).result()

    def _run(self, video: BatchVideo) -> Result:
        self._started[video.name] = time.monotonic()
        engine = self._free.get()
        try:
            return self._process(video, engine)
        finally:
            self._free.put(engine)
