"""`python -m tar_core.engine`: the process that Blender starts.

A job is one line of JSON on standard input; `video` and `output` are needed, the rest may be left out or null:

    {"video": "walk.mp4", "output": "walk.npz", "start": 0, "end": 99, "people": "all" | "largest" | 2,
     "focal_length": 1400.0, "fov": 60.0, "device": "auto", "box": [0, 100, 50, 300, 700], "body": "SMPL_NEUTRAL.npz",
     "checkpoint": "mine.safetensors", "camera_trajectory": "path.npz", "trajectory_scale": 1.0,
     "static_camera": false, "every_frame": false, "look": false, "threads": 2,
     "selection": [{"wanted": true, "boxes": [[0, 100, 50, 300, 700], [30, ...], ...]}, ...]}

With `look`, only finds people, quickly, and writes who they are instead of their motion (tar_core/people/selection.py);
`selection` says which of them to capture.

Standard output carries one line of JSON an event:

    {"event": "progress", "stage": "load" | "capture" | "camera" | "look", "done": 12, "total": 100 | null, "fps": 14.2}
    {"event": "warning", "message": "..."}
    {"event": "person", "id": 1, "first": 0, "last": 99}
    {"event": "result", "output": "walk.npz"}                                                   exit code 0
    {"event": "error", "message": "..."}                                                        exit code 2
    {"event": "cancelled"}                                                                      exit code 130

After a result or an error the next line is waited for; networks that are loaded stay so. The exit code is the last
job's.

`python -m tar_core.engine --self-test` instead runs the networks once on nothing and says

    {"event": "self_test", "tar_core": "0.1.0", "torch": "2.13.0", "device": "cpu", "seconds": 1.9}

A running job is cancelled, within a second, when standard input closes or by SIGTERM; so keep it open. Whatever
libraries print goes to standard error. A file under the output's name is always a whole one.
"""

import os

# See tar_core/cli.py: Blender beside it makes the machine a busy one.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import contextlib
import functools
import importlib
import json
import logging
import math
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from tar_core.errors import TarError
from tar_core.memory import loading

if TYPE_CHECKING:
    from tar_core.capture.networks import Networks
    from tar_core.options import CaptureOptions

EXIT_ERROR = 2
EXIT_CANCELLED = 130
PROGRESS_INTERVAL = 0.1  # seconds
LAST_RESORT = 0.8  # seconds after which a cancelled job that doesn't end by itself is cut off
KEYS = (
    "video",
    "output",
    "start",
    "end",
    "people",
    "focal_length",
    "fov",
    "device",
    "box",
    "body",
    "checkpoint",
    "camera_trajectory",
    "trajectory_scale",
    "static_camera",
    "every_frame",
    "look",
    "selection",
    "threads",
)


class EventStream:
    """Writes events as lines of JSON."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lock = threading.Lock()

    def send(self, event: str, **values: Any) -> None:
        with self._lock:
            self._output.write(json.dumps({"event": event, **values}) + "\n")
            self._output.flush()


class _WarningsAsEvents(logging.Handler):
    def __init__(self, events: EventStream) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        self._events.send("warning", message=record.getMessage())


def main() -> int:
    """Reads the job, runs it, returns the exit code."""
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
            try:
                output = run_job(parse_job(line), events, loaded)
            except TarError as error:
                jobs.done()
                events.send("error", message=str(error))
                code = EXIT_ERROR
            else:
                jobs.done()  # before anybody hears of it: what is done cannot be cancelled any more
                events.send("result", output=str(output))
                code = 0
        return code
    except TarError as error:
        events.send("error", message=str(error))
        return EXIT_ERROR
    except KeyboardInterrupt:
        _try_to_send_cancelled(events)
        return EXIT_CANCELLED
    except BrokenPipeError:  # whoever wanted the job is gone
        _end_the_hard_way_soon()
        return EXIT_CANCELLED
    except Exception as error:  # a bug or a broken installation: Blender must hear of it, the log gets the rest
        traceback.print_exc()
        events.send("error", message=f"unexpected {type(error).__name__}: {error}; the log says where")
        return EXIT_ERROR


class _Jobs:
    """The lines of standard input, as they are asked for; its end while one is worked on cancels that one."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = False

    def __iter__(self) -> Iterator[str]:
        while line := self._lines.get():
            with self._lock:
                self._busy = True
            yield line

    def done(self) -> None:
        """The job that was asked for last has come to its end."""
        with self._lock:
            self._busy = False

    def read(self) -> None:
        """To be run in a thread."""
        while line := sys.stdin.readline():
            self._lines.put(line)
        with self._lock:
            self._lines.put("")
            if self._busy:
                _end_the_hard_way_soon()
                signal.raise_signal(signal.SIGTERM)


class LoadedNetworks:
    """The networks of the last job, for the next one that wants the same."""

    def __init__(self) -> None:
        self._wanted: object = None
        self._networks: Networks | None = None

    def of(self, options: "CaptureOptions") -> "Networks":
        """As `Networks.load`."""
        from tar_core.capture.networks import Networks

        wanted = options.checkpoint, options.device, options.box is None, options.threads
        if self._networks is None or wanted != self._wanted:
            self._networks = None  # before the others are loaded: there may be room for one set only
            self._networks, self._wanted = Networks.load(options), wanted
        return self._networks


@functools.cache
def load_libraries() -> None:
    """Imports what every job needs; once, as `loading` would keep the garbage of the jobs before."""
    with loading():
        importlib.import_module("tar_core.capture.pipeline")


def self_test() -> dict[str, Any]:
    """Loads the networks and runs each once; what the answer holds beside its event's name.

    Raises:
        TarError: a part of the installation is missing or doesn't work.
    """
    began = time.monotonic()
    load_libraries()
    import torch

    import tar_core
    from tar_core.camera.crop import Crop
    from tar_core.camera.crop_camera import CropCamera
    from tar_core.capture.networks import Networks
    from tar_core.model.streaming import TARStream
    from tar_core.options import CaptureOptions

    networks = Networks.load(CaptureOptions())
    with torch.inference_mode():
        features = networks.backbone(torch.full((1, 3, 256, 256), 0.5, device=networks.device))
    stream = TARStream(networks.tar)
    camera = CropCamera.from_crop(Crop(128.0, 128.0, 256.0, 0.0), 500.0, (127.5, 127.5)).to(networks.device)
    (result,) = [*stream.push(features, camera), *stream.finish()]
    if not all(map(math.isfinite, result.poses)):
        raise TarError("the network gives no numbers here; reinstall torch")
    return {
        "tar_core": tar_core.__version__,
        "torch": torch.__version__,
        "device": str(networks.device),
        "seconds": round(time.monotonic() - began, 1),
    }


def parse_job(line: str) -> dict[str, Any]:
    """The job of a line of JSON, without its nulls.

    Raises:
        TarError: not JSON, an unknown key, or no video or output.
    """
    try:
        job = json.loads(line)
    except json.JSONDecodeError as error:
        raise TarError(f"the job is not one line of JSON ({error}); see tar_core/engine/server.py") from None
    if not isinstance(job, dict):
        raise TarError("the job is not a JSON object; see tar_core/engine/server.py")
    unknown = sorted(set(job) - set(KEYS))
    if unknown:
        raise TarError(f"the job has unknown keys: {', '.join(unknown)}; known are {', '.join(KEYS)}")
    job = {key: value for key, value in job.items() if value is not None}
    missing = [key for key in ("video", "output") if not job.get(key)]
    if missing:
        raise TarError(f"the job lacks {' and '.join(missing)}")
    for key in {"video", "output", "checkpoint", "body"} & job.keys():
        if not isinstance(job[key], str):
            raise TarError(f"the job's {key} is not a path but {job[key]!r}")
    return job


def run_job(job: dict[str, Any], events: EventStream, loaded: LoadedNetworks) -> Path:
    """Captures the job's video, or looks who is in it, and writes its output, telling how it goes; returns where.

    Raises:
        TarError: for whatever the user can mend.
    """
    load_libraries()
    from tar_core.capture.pipeline import capture, scan
    from tar_core.capture.progress import Progress
    from tar_core.files import check_writable
    from tar_core.options import CaptureOptions, StartBox
    from tar_core.people.selection import save_detected

    output = Path(job.pop("output"))
    video = job.pop("video")
    looks_only = bool(job.pop("look", False))
    for key in {"checkpoint", "body", "camera_trajectory"} & job.keys():
        job[key] = Path(job[key])
    try:
        if "box" in job:
            frame, x0, y0, x1, y1 = job["box"]
            job["box"] = StartBox(int(frame), (float(x0), float(y0), float(x1), float(y1)))
        options = CaptureOptions(**job)
    except (TypeError, ValueError) as error:
        raise TarError(f"the job has a value of the wrong kind ({error})") from None

    last_sent = 0.0

    def report(progress: Progress) -> None:
        nonlocal last_sent
        now = time.monotonic()
        if progress.done in (0, progress.total) or now - last_sent >= PROGRESS_INTERVAL:
            last_sent = now
            events.send(
                "progress",
                stage=progress.stage,
                done=progress.done,
                total=progress.total,
                fps=round(progress.fps, 2),
            )

    check_writable(output)
    if looks_only:
        found = scan(video, options, report)
        save_detected(found, output)
        people = [(person.person_id, person.first_frame, person.last_frame) for person in found]
    else:
        clip = capture(video, options, report, loaded.of)
        clip.save(output)
        people = [(person.person_id, int(person.frames[0]), int(person.frames[-1])) for person in clip.people]
    for number, first, last in people:
        events.send("person", id=number, first=first, last=last)
    return output


def _claim_standard_output() -> TextIO:
    """The real standard output; what anybody else prints there goes to standard error from now on."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ends the job by an exception."""
    _end_the_hard_way_soon()
    raise KeyboardInterrupt


def _end_the_hard_way_soon() -> None:
    """For when the exception is swallowed somewhere, or comes late because a library works for long."""
    timer = threading.Timer(LAST_RESORT, os._exit, [EXIT_CANCELLED])
    timer.daemon = True
    timer.start()


def _try_to_send_cancelled(events: EventStream) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        events.send("cancelled")
