"""Client of the engine that does not block.

It starts the engine (`python -m tar_core.engine`), sends jobs and receives events (tar_core/engine/protocol.py). The
engine cancels its job and ends if its standard input is closed, and therefore also if Blender ends.
"""

import contextlib
import queue
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tar_core.engine.pipes import broken_pipe_is_an_error
from tar_core.engine.protocol import (
    LAST_EVENTS,
    LONGEST_LINE,
    STOP_LINE,
    Cancelled,
    Event,
    Failure,
    Job,
    Result,
    job_line,
    parse_event,
)
from tar_core.engine.python import ISOLATED, NEWEST, OLDEST, SUPPORTED, clean_variables
from tar_core.engine.work_folder import WorkFolder
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.people.selection import Scan
from tar_core.shot_files import load_shots

ENGINE_COMMAND = (*ISOLATED, "-m", "tar_core.engine")
POLL_SECONDS = 0.1
STOPPED = "the engine was stopped from outside; start again"

_STDERR_LINES = 40  # last lines of standard error that are kept for the report
_LONGEST_LOG_LINE = 1000  # characters that are kept
_PATIENCE = 3.0  # seconds until a cancelled engine is terminated, and from then on until it is killed


class EngineProcess:
    """A running engine with one job at a time.

    Call `poll` regularly. After the last event of a job (LAST_EVENTS) the process has ended or, with `stays`, is ready
    for the `next` job with its networks loaded.

    Attributes:
        errors: the last lines of the engine's standard error, for a report.
        finished: whether `poll` has returned the last event of the job.
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
            python: a Python that has tar_core and the packages of the engine.
            job: the first job.
            command: the arguments of Python.
            stays: keep the process for more jobs.
            package: the package to install if Python has no tar_core; for the error message.

        Raises:
            TarError: Python cannot be started, or there is no space for temporary files.
        """
        self.errors: deque[str] = deque(maxlen=_STDERR_LINES)
        self.finished = False
        self._python, self._stays, self._package = python, stays, package
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._cancelled_at: float | None = None
        self._job_runs = True
        self._stop_sent = False
        self._folder = WorkFolder()
        self._output = self._folder.path / "motion.npz"
        try:
            self._process = _start([str(python), *command], self._folder.path)
        except OSError as error:
            self._folder.close()
            raise TarError(f"{python}: cannot start the engine ({error.strerror}); choose another Python") from error
        self._error_reader = threading.Thread(target=self._read_errors, daemon=True)
        self._error_reader.start()
        threading.Thread(target=self._read_events, daemon=True).start()
        self._send(job)

    def next(self, job: Job) -> bool:
        """Start another job after the last one has ended. False if the process has ended."""
        self._job_runs = True
        with contextlib.suppress(subprocess.TimeoutExpired):  # a failed engine may be about to end
            self._process.wait(POLL_SECONDS)
            return False
        self.finished = False
        self._send(job)
        return True

    def poll(self) -> list[Event]:
        """Return the events since the last call, without waiting."""
        events: list[Event] = []
        while not self._events.empty():
            events.append(self._events.get())
        self.finished = self.finished or any(isinstance(event, LAST_EVENTS) for event in events)
        if self._cancelled_at is not None and not self.finished:
            self._kill_if_overdue(time.monotonic() - self._cancelled_at)
        return events

    def motion(self) -> list[MotionClip]:
        """Read the captured motion of each shot.

        Raises:
            TarError: the result is not a motion file.
        """
        return load_shots(self._output)

    def detected(self) -> Scan:
        """Read the people and shots of a scan.

        Raises:
            TarError: the result is not a list of people.
        """
        return Scan.load(self._output)

    def content(self) -> bytes:
        """Read the bytes of the result file.

        Raises:
            TarError: the file cannot be read.
        """
        try:
            return self._output.read_bytes()
        except OSError as error:
            raise TarError(f"the captured motion cannot be read ({error.strerror}); capture again") from error

    def stop(self) -> None:
        """Ask the engine to end its recording and keep the video."""
        if not self._stop_sent:
            self._stop_sent = True
            self._write(STOP_LINE)

    def cancel(self) -> None:
        """Ask the engine to end. `poll` reports its end, and kills it if it does not end."""
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._close_input()

    def close(self) -> None:
        """End the engine, wait for its end, and delete the result."""
        self._close_input()
        for force in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                force()
        self._process.wait()
        self._folder.close()

    def _send(self, job: Job) -> None:
        self._stop_sent = False
        self._write(job_line(job, self._output))

    def _write(self, line: str) -> None:
        stdin = _pipe(self._process.stdin)
        # If the engine has ended, the pipe is broken. The readers find out why it has ended.
        with contextlib.suppress(OSError), broken_pipe_is_an_error():
            stdin.write(line)
            stdin.flush()

    def _close_input(self) -> None:
        with contextlib.suppress(OSError), broken_pipe_is_an_error():  # closing the pipe flushes it
            _pipe(self._process.stdin).close()

    def _kill_if_overdue(self, waited: float) -> None:
        """Terminate, then kill an engine that has not ended `waited` seconds after its cancellation."""
        if waited > 2 * _PATIENCE:
            self._process.kill()
        elif waited > _PATIENCE:
            self._process.terminate()

    def _read_events(self) -> None:
        """Queue events until the engine has ended, in a thread."""
        last_event: Event | None = None
        for line in _lines(self._process.stdout):
            event = parse_event(line)
            if event is None:
                self._keep(line)  # output of a library
            elif self._stays and isinstance(event, (Result, Failure)):
                self._job_runs = False
                self._events.put(event)
            elif isinstance(event, LAST_EVENTS):
                last_event = last_event or event  # the engine may report a cancellation when its input is closed
                self._close_input()  # ends the engine
            else:
                self._events.put(event)
        self._error_reader.join()
        self._process.wait()
        if self._job_runs:
            self._events.put(last_event or self._ending())

    def _read_errors(self) -> None:
        for line in _lines(self._process.stderr):
            self._keep(line)

    def _keep(self, line: str) -> None:
        """Keep a line for the report, without what Blender cannot store."""
        self.errors.append(line[:_LONGEST_LOG_LINE].rstrip().replace("\0", "?"))

    def _ending(self) -> Event:
        """The last event of an engine that ended without one."""
        if self._cancelled_at is not None:
            return Cancelled()
        last = next((line for line in reversed(self.errors) if line.strip()), "no output")
        missing = re.search(r"No module named '?([\w.]+)", last)
        if missing:
            return Failure(self._lacks(missing[1]))
        return Failure(crash_message(self._process.returncode, last))

    def _lacks(self, module: str) -> str:
        """The error message for a Python without a module that the engine needs."""
        version = _version(self._python)
        if version is not None and not OLDEST <= version <= NEWEST:
            found = ".".join(map(str, version))
            return f"{self._python} is Python {found}, but the engine needs {SUPPORTED}; choose another Python"
        return f"{self._python} lacks {module}; run {self._python} -I -m pip install {self._package}"


def _version(python: Path) -> tuple[int, int] | None:
    """Ask a Python for its version; None if it does not answer."""
    command = [str(python), *ISOLATED, "-c", "import sys; print(*sys.version_info[:2])"]
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        answer = subprocess.run(command, capture_output=True, env=clean_variables(), timeout=_PATIENCE, text=True)
        major, minor = map(int, answer.stdout.split())
        return major, minor
    return None


def crash_message(code: int, last: str) -> str:
    """The error message for an engine that ended without a last event.

    Args:
        code: the exit code, or the negative number of the signal that ended the engine.
        last: the last line of its output.
    """
    if -code == getattr(signal, "SIGKILL", None):
        return (
            "the engine was killed by the system, probably because memory ran out; close other programs or choose "
            "fewer frames, and try again"
        )
    how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"stopped (exit code {code})"
    return f"the engine {how}: {last}; try again, or run the network on the CPU"


def _start(command: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=folder,
        env=clean_variables(),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _lines(pipe: IO[str] | None) -> Iterator[str]:
    """Yield the lines of a pipe; a line that is too long is yielded in pieces."""
    return iter(lambda: _pipe(pipe).readline(LONGEST_LINE), "")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None, "all three are pipes"
    return pipe
