"""The engine for callers that may wait: one job after the other, in one process."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from tar_core.engine.client import ENGINE_COMMAND, POLL_SECONDS, STOPPED, EngineProcess
from tar_core.engine.protocol import Cancelled, Event, Failure, Job
from tar_core.errors import TarError
from tar_core.motion import MotionClip


class BlockingEngine:
    """Runs jobs one after the other in one process, which the first job starts."""

    def __init__(
        self, find_python: Callable[[], Path], command: tuple[str, ...] = ENGINE_COMMAND, package: str = "tar_core"
    ) -> None:
        """Args: see `EngineProcess`; `find_python` is called when the first job comes."""
        self._find_python, self._command, self._package = find_python, command, package
        self._lock = threading.Lock()  # no process may start that `close` in another thread would miss
        self._process: EngineProcess | None = None
        self._closed = False

    def __enter__(self) -> "BlockingEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process for good. A thread that waits for its result gets a TarError."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None

    def capture(self, job: Job, on_event: Callable[[Event], None]) -> MotionClip:
        """Run a job to its end. If the process has died, start another one.

        Raises:
            TarError: the job failed, or the engine was closed.
        """
        with self._lock:
            if self._closed:
                raise TarError(STOPPED)
            if self._process is None or not self._process.next(job):
                self._end()
                self._process = EngineProcess(self._find_python(), job, self._command, True, self._package)
            process = self._process
        while not process.finished:
            for event in process.poll():
                on_event(event)
                if isinstance(event, Failure):
                    raise TarError(event.message, event.topic)
                if isinstance(event, Cancelled):
                    raise TarError(STOPPED)
            time.sleep(POLL_SECONDS)
        return process.motion()
