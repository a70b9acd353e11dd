"""Starts the engine (`python -m tar_core.engine`) and follows it without ever blocking.

The engine needs PyTorch and takes minutes; Blender's Python has no PyTorch and must stay responsive. Jobs go down and
events come back as lines of JSON (tar_core/engine/protocol.py). Closing the engine's standard input cancels its job,
also when Blender itself dies.
"""

import contextlib
import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO

from tar_core.engine.pipes import broken_pipe_is_an_error
from tar_core.engine.protocol import LAST_EVENTS, Cancelled, Event, Failure, Job, Result, job_line, parse_event
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.people.selection import DetectedPerson, load_detected

ENGINE_COMMAND = ("-P", "-m", "tar_core.engine")  # -P: not the tar_core of the folder that Blender was started in
POLL_SECONDS = 0.1
STOPPED = "the engine was stopped from outside; start again"

_STDERR_LINES = 40  # kept for the report
_PATIENCE = 3.0  # seconds between asking a cancelled engine to end, terminating it, and killing it


class EngineProcess:
    """A running engine with one job at a time.

    Call `poll` from time to time. After the last event (LAST_EVENTS) the process is gone, or, with `stays`, ready for
    the `next` job with its networks loaded.

    Attributes:
        errors: the last lines that the engine wrote to standard error, for a report.
        finished: whether the last event of the current job was polled.
    """

    def __init__(
        self,
        python: Path,
        job: Job,
        command: tuple[str, ...] = ENGINE_COMMAND,
        stays: bool = False,
        package: str = "tar_core",
    ) -> None:
        """Start the engine.

        Args:
            python: the Python that has tar_core and PyTorch.
            job: the first job.
            command: the arguments of that Python.
            stays: keep the process for further jobs.
            package: what pip should install if the Python lacks tar_core; for the message.

        Raises:
            TarError: the Python cannot be started.
        """
        self.errors: deque[str] = deque(maxlen=_STDERR_LINES)
        self.finished = False
        self._python, self._stays, self._package = python, stays, package
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._cancelled_at: float | None = None
        self._job_runs = True
        self._folder = tempfile.TemporaryDirectory(prefix="tar-", ignore_cleanup_errors=True)
        self._output = Path(self._folder.name) / "motion.npz"
        try:
            self._process = _start([str(python), *command])
        except OSError as error:
            raise TarError(f"{python}: cannot start the engine ({error.strerror}); choose another Python") from error
        self._error_reader = threading.Thread(target=self._read_errors, daemon=True)
        self._error_reader.start()
        threading.Thread(target=self._read_events, daemon=True).start()
        self._send(job)

    def next(self, job: Job) -> bool:
        """Give another job to an engine that stays and has finished the last one; False if the process is gone."""
        self._job_runs = True
        with contextlib.suppress(subprocess.TimeoutExpired):  # an engine that failed may be about to end
            self._process.wait(POLL_SECONDS)
            return False
        self.finished = False
        self._send(job)
        return True

    def poll(self) -> list[Event]:
        """The events since the last call; returns at once."""
        events: list[Event] = []
        while not self._events.empty():
            events.append(self._events.get())
        self.finished = self.finished or any(isinstance(event, LAST_EVENTS) for event in events)
        if self._cancelled_at is not None and not self.finished:
            self._insist(time.monotonic() - self._cancelled_at)
        return events

    def motion(self) -> MotionClip:
        """The captured motion.

        Raises:
            TarError: the result is not a motion file.
        """
        return MotionClip.load(self._output)

    def detected(self) -> list[DetectedPerson]:
        """The people of a scan.

        Raises:
            TarError: the result is not a list of people.
        """
        return load_detected(self._output)

    def content(self) -> bytes:
        """The result file's bytes.

        Raises:
            TarError: the file is gone.
        """
        try:
            return self._output.read_bytes()
        except OSError as error:
            raise TarError(f"the captured motion cannot be read ({error.strerror}); capture again") from error

    def cancel(self) -> None:
        """Ask the engine to end. `poll` reports when it has ended, and forces it if that takes long."""
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._close_input()

    def close(self) -> None:
        """End the engine if it still runs, wait for it, and delete the result."""
        self._close_input()
        for force in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                force()
        self._process.wait()
        self._folder.cleanup()

    def _send(self, job: Job) -> None:
        stdin = _pipe(self._process.stdin)
        # The pipe of an engine that is gone breaks; the readers find out why it is gone.
        with contextlib.suppress(OSError), broken_pipe_is_an_error():
            stdin.write(job_line(job, self._output))
            stdin.flush()

    def _close_input(self) -> None:
        with contextlib.suppress(OSError), broken_pipe_is_an_error():  # closing flushes what could not be written
            _pipe(self._process.stdin).close()

    def _insist(self, waited: float) -> None:
        if waited > 2 * _PATIENCE:
            self._process.kill()
        elif waited > _PATIENCE:
            self._process.terminate()

    def _read_events(self) -> None:
        """Queue events until the engine has ended; runs in a thread."""
        last_event: Event | None = None
        for line in _pipe(self._process.stdout):
            event = parse_event(line)
            if event is None:
                self.errors.append(line.rstrip())  # printed by a library
            elif self._stays and isinstance(event, (Result, Failure)):
                self._job_runs = False
                self._events.put(event)
            elif isinstance(event, LAST_EVENTS):
                last_event = last_event or event  # closing its input may make the engine report a cancellation, too
                self._close_input()  # the engine ends itself now, even if its work does not end
            else:
                self._events.put(event)
        self._error_reader.join()
        self._process.wait()
        if self._job_runs:
            self._events.put(last_event or self._ending())

    def _read_errors(self) -> None:
        for line in _pipe(self._process.stderr):
            self.errors.append(line.rstrip())

    def _ending(self) -> Event:
        """The last event of an engine that ended without sending one."""
        if self._cancelled_at is not None:
            return Cancelled()
        last = next((line for line in reversed(self.errors) if line.strip()), "no output")
        missing = re.search(r"No module named '?([\w.]+)", last)
        if missing:
            return Failure(f"{self._python} lacks {missing[1]}; run {self._python} -m pip install {self._package}")
        return Failure(crash_message(self._process.returncode, last))


def crash_message(code: int, last: str) -> str:
    """The message for an engine that ended without an event of its own.

    Args:
        code: the exit code; a negative one is the number of the signal.
        last: the last line of its output.
    """
    if -code == getattr(signal, "SIGKILL", None):
        return (
            "the engine was killed by the system, probably because memory ran out; close other programs or choose "
            "fewer frames, and try again"
        )
    how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"stopped (exit code {code})"
    return f"the engine {how}: {last}; try again, or use the device cpu"


def _start(command: list[str]) -> subprocess.Popen[str]:
    # Blender may have set these for its own Python; another Python would not start with them.
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONHOME", "PYTHONSTARTUP")}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment | {"PYTHONIOENCODING": "utf-8"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None, "all three are pipes"
    return pipe
