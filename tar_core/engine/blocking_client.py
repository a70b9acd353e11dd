"""Client of the engine that waits for the result of each job."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from tar_core.engine.client import ENGINE_COMMAND, POLL_SECONDS, STOPPED, EngineProcess
from tar_core.engine.protocol import Cancelled, Event, Failure, Job
from tar_core.errors import TarError
from tar_core.motion import MotionClip


class BlockingEngine:
    """Runs jobs one after the other in one process, which is started for the first job."""

    def __init__(
        self, find_python: Callable[[], Path], command: tuple[str, ...] = ENGINE_COMMAND, package: str = "tar_core"
    ) -> None:
        """Create the client; nothing is started yet.

        Args:
            find_python: returns the engine's Python; called when a process is started.
            command, package: see `EngineProcess`.
        """
        self._find_python, self._command, self._package = find_python, command, package
        self._lock = threading.Lock()  # so that `close` in another thread does not miss a process that is being started
        self._process: EngineProcess | None = None
        self._closed = False

    def __enter__(self) -> "BlockingEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process. A thread that waits in `capture` gets a TarError."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None

    def capture(self, job: Job, on_event: Callable[[Event], None]) -> list[MotionClip]:
        """Run a job and return the motion in each shot. If the process has ended, start another one.

        Raises:
            TarError: the job has failed, or the client was closed.
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
