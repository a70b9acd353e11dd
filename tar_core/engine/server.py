"""The engine: the process that captures for Blender, whose Python lacks packages and must stay responsive.

`python -m tar_core.engine` reads jobs from standard input and writes events to standard output, one line of JSON each
(tar_core/engine/protocol.py). After a result or an error, it keeps the networks loaded and waits for the next job. The
exit code is that of the last job.

`python -m tar_core.engine --self-test` runs the networks once and reports the versions and the device.

Closing standard input, or SIGTERM, cancels a running job within a second. Output of libraries goes to standard error.
The output file is written completely or not at all.
"""

import os

# See tar_core/cli.py.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import contextlib
import functools
import importlib
import logging
import math
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from tar_core.engine.protocol import LONGEST_LINE, STOP_LINE, Job, event_line, known_options, parse_job
from tar_core.errors import TarError
from tar_core.memory import loading
from tar_core.option_fields import UnknownOptions
from tar_core.recording import Recording

if TYPE_CHECKING:
    from tar_core.capture.networks import Networks
    from tar_core.capture.progress import Progress
    from tar_core.options import CaptureOptions
    from tar_core.preview import Preview

EXIT_ERROR = 2
EXIT_CANCELLED = 130
PROGRESS_INTERVAL = 0.1  # seconds
KILL_DELAY = 0.8  # seconds until the process is killed if a cancelled job does not end


class EventStream:
    """Writes events to a stream; safe to use from several threads."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lock = threading.Lock()

    def send(self, event: str, **values: Any) -> None:
        with self._lock:
            self._output.write(event_line(event, **values))
            self._output.flush()


class _WarningsAsEvents(logging.Handler):
    def __init__(self, events: EventStream) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        self._events.send("warning", **_problem(record.getMessage(), getattr(record, "topic", "")))


def main() -> int:
    """Run jobs from standard input until it ends. Returns the exit code."""
    events = EventStream(_claim_standard_output())
    logging.getLogger("tar_core").addHandler(_WarningsAsEvents(events))
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        if sys.argv[1:] == ["--self-test"]:
            events.send("self_test", **self_test())
            return 0
        jobs = _Jobs()
        threading.Thread(target=jobs.read, name="stdin", daemon=True).start()
        code, loaded = 0, LoadedNetworks()
        for line in jobs:
            event, values = run_line(line, events, loaded, jobs.stopped.is_set)
            jobs.done()  # before the event, after which the client may close standard input
            events.send(event, **values)
            code = 0 if event == "result" else EXIT_ERROR
        if loaded.is_loading:  # Python would wait for that thread, or crash
            os._exit(code)
        return code
    except TarError as error:
        events.send("error", **_problem(str(error), error.topic))
        return EXIT_ERROR
    except KeyboardInterrupt:
        _try_to_send_cancelled(events)
        return EXIT_CANCELLED
    except BrokenPipeError:  # the client is gone
        _kill_soon()
        return EXIT_CANCELLED
    except Exception as error:  # a bug or a broken installation
        events.send("error", **_unexpected(error))
        return EXIT_ERROR


class _Jobs:
    """The lines of standard input. The end of the input cancels a running job.

    Attributes:
        stopped: a recording is to end.
    """

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = False
        self.stopped = threading.Event()

    def __iter__(self) -> Iterator[str]:
        while line := self._lines.get():
            with self._lock:
                self._busy = True
            yield line

    def done(self) -> None:
        """Mark the current job as ended."""
        with self._lock:
            self._busy = False
            self.stopped.clear()

    def read(self) -> None:
        """Read standard input to its end, in a thread."""
        # Not `sys.stdin`: Python crashes at exit if a thread waits for it.
        for line in read_lines(os.fdopen(os.dup(sys.stdin.fileno()), "rb")):
            if line == STOP_LINE:
                self.stopped.set()
            else:
                self._lines.put(line)
        with self._lock:
            self._lines.put("")
            if self._busy:
                _kill_soon()
                signal.raise_signal(signal.SIGTERM)


def read_lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a stream of UTF-8. Of a line that is too long, only the beginning is kept."""
    while line := stream.readline(LONGEST_LINE + 1):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST_LINE)):
            pass
        yield line.decode(errors="replace")


class LoadedNetworks:
    """The networks of the last job, which are kept if the next job needs the same.

    A recording loads them in a thread, which may outlast it.
    """

    def __init__(self) -> None:
        self._wanted: object = None
        self._networks: Networks | None = None
        self._lock = threading.Lock()

    @property
    def is_loading(self) -> bool:
        return self._lock.locked()

    def forget(self) -> None:
        """Free the networks."""
        self._wanted = self._networks = None

    def of(self, options: "CaptureOptions") -> "Networks":
        """Load the networks that the options need; see `Networks.load`."""
        from tar_core.capture.networks import Networks

        wanted = options.checkpoint, options.device, options.box is None, options.threads
        with self._lock:
            if self._networks is None or wanted != self._wanted:
                self.forget()  # free their memory before others are loaded
                self._networks, self._wanted = Networks.load(options), wanted
            return self._networks


@functools.cache
def load_libraries() -> None:
    """Import what every job needs. Only once, since `loading` would keep garbage of earlier jobs alive."""
    with loading():
        importlib.import_module("tar_core.capture.pipeline")


def self_test() -> dict[str, Any]:
    """Load the networks and run each of them once. Returns the values of the self-test event.

    Raises:
        TarError: the installation is incomplete or does not work.
    """
    began = time.monotonic()
    load_libraries()
    import numpy as np

    import tar_core
    from tar_core.camera.crop import Crop
    from tar_core.camera.crop_camera import CropCamera
    from tar_core.capture.networks import Networks
    from tar_core.options import CaptureOptions
    from tar_core.runtime.streaming import TARStream

    networks = Networks.load(CaptureOptions())
    features = networks.backbone(np.full((1, 256, 256, 3), 128, np.uint8))
    stream = TARStream(networks.runtime)
    camera = CropCamera.from_crop(Crop(128.0, 128.0, 256.0, 0.0), 500.0, (127.5, 127.5))
    (result,) = [*stream.push(features, camera), *stream.finish()]
    if not all(map(math.isfinite, result.poses)):
        raise TarError(f"the network returns numbers that are not finite; reinstall {networks.runtime.version}")
    return {
        "tar_core": tar_core.__version__,
        "runtime": networks.runtime.version,
        "device": networks.runtime.device,
        "seconds": round(time.monotonic() - began, 1),
        "options": known_options(),
    }


def run_line(
    line: str, events: EventStream, loaded: LoadedNetworks, is_stopped: Callable[[], bool] = lambda: False
) -> tuple[str, dict[str, Any]]:
    """Run the job of a line. Returns the name and the values of its last event.

    Args:
        is_stopped: whether a recording is to end.

    Raises:
        BrokenPipeError: the client is gone.
    """
    try:
        job, output = parse_job(line)
        if job.record is not None:
            output = run_recording(job, job.record, events, loaded, is_stopped)
        else:
            output = run_job(job, output, events, loaded)
    except UnknownOptions as error:
        return "error", {"message": str(error), "unknown_options": error.names}
    except TarError as error:
        return "error", _problem(str(error), error.topic)
    except BrokenPipeError:
        raise
    except Exception as error:  # a bug, or unforeseen input; the next job may succeed
        loaded.forget()
        return "error", _unexpected(error)
    return "result", {"output": str(output)}


def run_job(job: Job, output: Path, events: EventStream, loaded: LoadedNetworks) -> Path:
    """Capture the motion in a video, or detect the people in it, and write the output. Returns the output's path.

    Raises:
        TarError: the video, an option or the output cannot be used.
    """
    load_libraries()
    from tar_core.capture.pipeline import capture, scan
    from tar_core.files import check_outputs
    from tar_core.shot_files import save_shots

    options = job.options
    check_outputs([output], [job.video, options.camera_trajectory, options.body, options.checkpoint, *options.views])
    report = progress_events(events)
    if job.scan:
        found = scan(job.video, job.options, report)
        found.save(output)
        people = [(person.person_id, person.first_frame, person.last_frame) for person in found.people]
    else:
        clips = capture(job.video, job.options, report, loaded.of)
        save_shots(output, clips)
        captured = [person for clip in clips for person in clip.people]
        people = [(person.person_id, int(person.frames[0]), int(person.frames[-1])) for person in captured]
    for number, first, last in people:
        events.send("person", id=number, first=first, last=last)
    return output


def run_recording(
    job: Job, recording: Recording, events: EventStream, loaded: LoadedNetworks, is_stopped: Callable[[], bool]
) -> Path:
    """Record from a camera or a stream. Returns the path of the video.

    Raises:
        TarError: the source or the output cannot be used.
    """
    from tar_core.video.record import record

    output, report = Path(job.video), progress_events(events)
    if not recording.live:
        record(recording, output, report, is_stopped)
        return output
    load_libraries()
    from tar_core.capture.live import LivePreview

    def show(preview: "Preview") -> None:
        events.send("preview", **preview.to_json())

    with LivePreview(lambda: loaded.of(job.options), show, job.options) as live:
        record(recording, output, report, is_stopped, live.offer)
    return output


def _unexpected(error: Exception) -> dict[str, str]:
    """The values of the error event for a bug or a broken installation; the traceback goes to standard error."""
    traceback.print_exception(error)
    return _problem(f"unexpected {type(error).__name__}: {error}; see the log", "")


def _problem(message: str, topic: str) -> dict[str, str]:
    """The values of a warning or error event."""
    return {"message": message, **({"topic": topic} if topic else {})}


def progress_events(events: EventStream) -> "Callable[[Progress], None]":
    """A callback that sends progress events and previews, at most one of each per PROGRESS_INTERVAL."""
    last_sent = 0.0

    def report(progress: "Progress") -> None:
        nonlocal last_sent
        now = time.monotonic()
        if progress.done in (0, progress.total) or now - last_sent >= PROGRESS_INTERVAL:
            last_sent = now
            values = {"stage": progress.stage, "done": progress.done, "total": progress.total}
            events.send("progress", **values, fps=round(progress.fps, 2))
            if progress.preview is not None:
                events.send("preview", **progress.preview.to_json())

    return report


def _claim_standard_output() -> TextIO:
    """Return standard output, and redirect the output of libraries to standard error."""
    claimed = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return claimed


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Signal handler that ends the job by an exception."""
    _kill_soon()
    raise KeyboardInterrupt


def _kill_soon() -> None:
    """Kill this process after KILL_DELAY, in case a library catches or delays the exception."""
    timer = threading.Timer(KILL_DELAY, os._exit, [EXIT_CANCELLED])
    timer.daemon = True
    timer.start()


def _try_to_send_cancelled(events: EventStream) -> None:
    with contextlib.suppress(OSError):  # the client may be gone
        events.send("cancelled")
