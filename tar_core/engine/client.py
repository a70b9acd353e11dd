"""Runs the engine (`python -m tar_core.engine`) as a process of its own and follows it without ever blocking.

The engine needs torch, a GPU if there is one, and minutes; Blender's Python has none of these to give. One job goes
down as a line of JSON, events come back as lines of JSON, and closing the engine's standard input cancels it: also
when Blender itself dies.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tar_core.duration import format_duration
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.people.selection import DetectedPerson, load_detected

ENGINE_COMMAND = ("-P", "-m", "tar_core.engine")  # -P: not the tar_core of a folder that Blender was started in

_STDERR_LINES = 40  # kept for the report
_PATIENCE = 3.0  # seconds between asking a cancelled engine to end, telling it to, and killing it
_POLL_SECONDS = 0.1
_STOPPED = "the engine was stopped from outside; start again"
_STAGES = {
    "load": "Loading the network",
    "capture": "Capturing",
    "camera": "Following the camera",
    "look": "Looking for people",
}


@dataclass(frozen=True)
class CaptureJob:
    """What the engine is asked to do; the fields are the job's keys.

    Attributes:
        video: absolute path.
        start, end: first and last frame, 0-based, both included; None is the video's end.
        people: "all", "largest" or how many of the largest.
        focal_length: focal length in pixels, if known.
        fov: field of view across the longer side in degrees, if known instead.
        device: "auto", "cpu", "cuda" or "mps".
        body: the user's SMPL file; None is the free body.
        box: (frame, x0, y0, x1, y1) of the one person to follow, in pixels.
        checkpoint: the network's file; None is the default one.
        camera_trajectory: a file of the camera's path, solved elsewhere; trajectory_scale: meters of one
            unit; 0 by feet.
        static_camera: does not ask whether the camera turns.
        every_frame: looks at every frame of a fast video (60 fps and more) instead of some 30 a second.
        look: only finds out who is in the video; `EngineProcess.found` instead of `motion` gives the result.
        selection: whom of those found to capture, see DetectedPerson.to_job; None is by `people`.
        threads: of the processor; None is what the engine thinks best.
    """

    video: str
    start: int = 0
    end: int | None = None
    people: str | int = "all"
    focal_length: float | None = None
    fov: float | None = None
    device: str = "auto"
    body: str | None = None
    box: tuple[float, ...] | None = None
    checkpoint: str | None = None
    camera_trajectory: str | None = None
    trajectory_scale: float = 1.0
    static_camera: bool = False
    every_frame: bool = False
    look: bool = False
    selection: Sequence[dict[str, Any]] | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Progress:
    """How far the engine is; `total` is 0 where it cannot be known."""

    stage: str
    done: int
    total: int
    fps: float

    @property
    def fraction(self) -> float:
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None where it cannot be known."""
        return (self.total - self.done) / self.fps if self.fps > 0 and self.total > 0 else None

    @property
    def headline(self) -> str:
        """The stage in the user's words, with the frames done."""
        if self.done == 0 and self.total == 0:
            return _STAGES.get(self.stage, self.stage)
        frames = f"{self.done} of {self.total}" if self.total > 0 else f"{self.done}"
        return f"{_STAGES.get(self.stage, self.stage)}: {frames} frames"

    @property
    def pace(self) -> str:
        """How fast it goes and how long it will; empty before that is known."""
        if self.fps <= 0:
            return ""
        left = self.seconds_left
        return f"{self.fps:.1f} frames/s" + ("" if left is None else f", {format_duration(left)} left")

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.headline, self.pace)))


@dataclass(frozen=True)
class PersonFound:
    """A finished person, with the first and last video frame in which they are."""

    id: int
    first: int
    last: int


@dataclass(frozen=True)
class Notice:
    """Something the user should know; the engine goes on."""

    message: str


@dataclass(frozen=True)
class Result:
    """The motion is written; `EngineProcess.motion` reads it."""


@dataclass(frozen=True)
class Failure:
    """The engine gave up or died; the message is for the user."""

    message: str


@dataclass(frozen=True)
class Cancelled:
    """The engine ended because it was asked to."""


Event = Progress | PersonFound | Notice | Result | Failure | Cancelled
LAST_EVENTS = (Result, Failure, Cancelled)


class EngineProcess:
    """A running job. Call `poll` from time to time; after the last event (LAST_EVENTS) the process is gone, or, if it
    `stays`, ready for the `next` job, its networks loaded.

    Attributes:
        errors: the last lines that the engine wrote to its standard error, for a report.
    """

    def __init__(
        self,
        python: Path,
        job: CaptureJob,
        command: tuple[str, ...] = ENGINE_COMMAND,
        stays: bool = False,
        package: str = "tar_core",
    ) -> None:
        """Starts the engine.

        Args:
            package: what pip is to install where the Python lacks tar_core; for a message.

        Raises:
            TarError: that Python cannot be started.
        """
        self.errors: deque[str] = deque(maxlen=_STDERR_LINES)
        self.finished = False
        self._python, self._stays, self._package = python, stays, package
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._cancelled_at: float | None = None
        self._waited_for = True  # a job has not come to its end
        self._folder = tempfile.TemporaryDirectory(prefix="tar-", ignore_cleanup_errors=True)
        self._output = Path(self._folder.name) / "motion.npz"
        # Blender may have set these for its own Python; they would lead another one astray.
        environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONHOME", "PYTHONSTARTUP")}
        try:
            self._process = subprocess.Popen(
                [str(python), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment | {"PYTHONIOENCODING": "utf-8"},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise TarError(f"{python}: cannot start the engine ({error.strerror}); choose another Python") from error
        self._error_reader = threading.Thread(target=self._read_errors, daemon=True)
        self._error_reader.start()
        threading.Thread(target=self._read_events, daemon=True).start()
        self._send(job)

    def next(self, job: CaptureJob) -> bool:
        """Gives an engine that stays another job, when the last one is finished; False if the process is gone."""
        self._waited_for = True
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that failed may be about to end
            self._process.wait(_POLL_SECONDS)
            return False
        self.finished = False
        self._send(job)
        return True

    def _send(self, job: CaptureJob) -> None:
        # An engine that is gone already breaks the pipe; the readers find out why.
        with contextlib.suppress(OSError), broken_pipe_is_an_error():
            self._process.stdin.write(json.dumps(asdict(job) | {"output": str(self._output)}) + "\n")
            self._process.stdin.flush()

    def poll(self) -> list[Event]:
        """What happened since the last call; returns at once."""
        events: list[Event] = []
        while not self._events.empty():
            events.append(self._events.get())
        self.finished = self.finished or any(isinstance(event, LAST_EVENTS) for event in events)
        if self._cancelled_at is not None and not self.finished:
            self._insist(time.monotonic() - self._cancelled_at)
        return events

    def motion(self) -> MotionClip:
        """The result's motion.

        Raises:
            TarError: the engine wrote something else.
        """
        return MotionClip.load(self._output)

    def found(self) -> list[DetectedPerson]:
        """The result of a look.

        Raises:
            TarError: the engine wrote something else.
        """
        return load_detected(self._output)

    def content(self) -> bytes:
        """The result as the engine wrote it.

        Raises:
            TarError: it is gone.
        """
        try:
            return self._output.read_bytes()
        except OSError as error:
            raise TarError(f"the captured motion cannot be read ({error.strerror}); capture again") from error

    def cancel(self) -> None:
        """Asks the engine to end; `poll` tells when it has, and insists if it takes long."""
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._close_input()

    def close(self) -> None:
        """Deletes the result, after ending the engine if it still runs and waiting until it is gone."""
        self._close_input()
        for insist in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                insist()
        self._process.wait()
        self._folder.cleanup()

    def _close_input(self) -> None:
        with contextlib.suppress(OSError), broken_pipe_is_an_error():  # what could not be written is tried again
            self._process.stdin.close()

    def _insist(self, waited: float) -> None:
        if waited > 2 * _PATIENCE:
            self._process.kill()
        elif waited > _PATIENCE:
            self._process.terminate()

    def _read_events(self) -> None:
        """Runs in a thread until the engine has ended, and sees to it that the last event comes then."""
        last_event: Event | None = None
        for line in self._process.stdout:
            event = parse_event(line)
            if event is None:
                self.errors.append(line.rstrip())  # a library's chatter
            elif self._stays and isinstance(event, (Result, Failure)):
                self._waited_for = False
                self._events.put(event)
            elif isinstance(event, LAST_EVENTS):
                last_event = last_event or event  # closing its input may make it say that it was cancelled, too
                self._close_input()  # so that an engine that does not come to its end is cut off by itself
            else:
                self._events.put(event)
        self._error_reader.join()
        self._process.wait()
        if self._waited_for:
            self._events.put(last_event or self._ending())

    def _read_errors(self) -> None:
        for line in self._process.stderr:
            self.errors.append(line.rstrip())

    def _ending(self) -> Event:
        """What an engine that ended without a word must have met."""
        if self._cancelled_at is not None:
            return Cancelled()
        last = next((line for line in reversed(self.errors) if line.strip()), "it said nothing")
        _, missing, module = last.partition("No module named ")
        if missing:
            return Failure(f"{self._python} lacks {module}; run {self._python} -m pip install {self._package}")
        return Failure(death(self._process.returncode, last))


def death(code: int, last: str) -> str:
    """What to tell of an engine that ended without a word of its own.

    Args:
        code: its exit code; below zero is a signal's number.
        last: the last line that it wrote.
    """
    if -code == getattr(signal, "SIGKILL", None):
        return (
            "the engine was killed from outside, as systems do when memory runs out; close other programs or choose "
            "fewer frames, and try again"
        )
    how = f"crashed ({signal.Signals(-code).name})" if code < 0 else f"stopped (exit code {code})"
    return f"the engine {how}: {last}; try again, or with the processor as device (preferences)"


@contextmanager
def broken_pipe_is_an_error() -> Iterator[None]:
    """Writing to a process that has ended raises BrokenPipeError, as in any Python; a real Blender it would end.

    The signal goes to the thread that writes, so that it is held back there, and taken away before it is let through.
    """
    if not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    try:
        yield
    finally:
        if signal.SIGPIPE not in before:
            if signal.SIGPIPE in signal.sigpending():
                signal.sigwait({signal.SIGPIPE})
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def parse_event(line: str) -> Event | None:
    """An event from a line of the engine's output; None where the line is something else."""
    try:
        fields = json.loads(line)
        kind = fields.pop("event")
        if kind == "progress":
            return Progress(str(fields["stage"]), int(fields["done"]), int(fields["total"] or 0), float(fields["fps"]))
        if kind == "person":
            return PersonFound(int(fields["id"]), int(fields["first"]), int(fields["last"]))
        if kind == "warning":
            return Notice(str(fields["message"]))
        if kind == "result":
            return Result()
        if kind == "error":
            return Failure(str(fields["message"]))
        if kind == "cancelled":
            return Cancelled()
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


class PatientEngine:
    """One job after the other, for callers that may wait: one process for all of them, started by the first."""

    def __init__(
        self, find_python: Callable[[], Path], command: tuple[str, ...] = ENGINE_COMMAND, package: str = "tar_core"
    ) -> None:
        self._find_python, self._command, self._package = find_python, command, package
        self._lock = threading.Lock()  # nobody starts a process that a `close` in another thread would miss
        self._process: EngineProcess | None = None
        self._closed = False

    def __enter__(self) -> "PatientEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, for good; whoever waits for its result in another thread hears that it was stopped."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None

    def capture(self, job: CaptureJob, on_event: Callable[[Event], None]) -> MotionClip:
        """Runs a job to its end. A process that died is replaced for the next job.

        Raises:
            TarError: what the engine says is wrong.
        """
        with self._lock:
            if self._closed:
                raise TarError(_STOPPED)
            if self._process is None or not self._process.next(job):
                self._end()
                self._process = EngineProcess(self._find_python(), job, self._command, True, self._package)
            process = self._process
        while not process.finished:
            for event in process.poll():
                on_event(event)
                if isinstance(event, Failure):
                    raise TarError(event.message)
                if isinstance(event, Cancelled):
                    raise TarError(_STOPPED)
            time.sleep(_POLL_SECONDS)
        return process.motion()
