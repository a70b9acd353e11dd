"""Messages between the engine and its client: jobs to the engine and events from it, one line of JSON each.

A job, on the engine's standard input:

    {"protocol": 2, "video": "walk.mp4", "output": "walk.npz", "people": "largest", "end": 99, ...}

`video` and `output` are required. The other keys are the options of `CaptureOptions`; options that have their default
are left out. With `"scan": true`, the engine only detects the people in the video (tar_core/people/scan.py). The
`selection` of a later job says which of these people to capture. With `"record": {"source": "0", "seconds": 10}`, the
engine writes the video, from a camera or a stream (tar_core/recording.py); the line `{"stop": true}` ends it early. If
the recording has `"live": true`, previews come meanwhile, with the `time` at which the image arrived, and with the
`poses` and the `pelvis` of each person.

Events, on the engine's standard output, each with `"protocol": 2`:

    {"event": "progress", "stage": "capture", "done": 12, "total": 100 | null, "fps": 14.2}          stages: see _STAGES
    {"event": "preview", "frame": 12, "width": 1920, "height": 1080, "people": [{"track": 1, "points": [[x, y], ...]}]}
    {"event": "warning", "message": "...", "topic": "moving_camera"}
    {"event": "person", "id": 1, "first": 0, "last": 99}
    {"event": "result", "output": "walk.npz"}                                               exit code 0
    {"event": "error", "message": "...", "topic": "nobody_detected", "unknown_options": ["..."]}   exit code 2
    {"event": "cancelled"}                                                                  exit code 130
    {"event": "self_test", "tar_core": "0.1.0", "runtime": "...", "device": "cpu", "seconds": 1.9, "options": [...]}

Previews come at most ten times a second; see tar_core/preview.py. A client ignores the events that it does not know.
A job's errors and warnings may have a `topic` (tar_core/errors.py), for which the client has a hint.

The protocol number is increased if a message changes its meaning. New options do not change it: an engine that does not
know an option sends an error with `unknown_options`, and the self-test lists the options that an engine knows.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tar_core.duration import format_duration
from tar_core.errors import LONGEST_TEXT, TarError, shown_text
from tar_core.option_fields import LARGEST_INTEGER, from_json, options_of, parse_path, to_json
from tar_core.options import CaptureOptions
from tar_core.preview import Preview
from tar_core.recording import Recording

PROTOCOL = 2
STOP_LINE = json.dumps({"stop": True}) + "\n"  # ends a recording; its video is kept
LONGEST_LINE = 16 * 2**20  # characters of a job or an event; longer lines are refused

_SLOWEST = 1e-6  # frames per second; slower is unknown

_STAGES = {
    "unpack": "Unpacking the engine",
    "load": "Loading the network",
    "capture": "Capturing motion",
    "camera": "Tracking the camera",
    "scan": "Finding people",
    "record": "Recording",
}


@dataclass(frozen=True)
class Job:
    """A job for the engine.

    Attributes:
        video: path of the video.
        options: what to capture and how.
        scan: only detect the people in the video.
        record: write the video from a camera or a stream, and do nothing else.
    """

    video: str
    options: CaptureOptions = field(default_factory=CaptureOptions)
    scan: bool = False
    record: Recording | None = None

    def to_json(self) -> dict[str, Any]:
        kind: dict[str, Any] = {"scan": True} if self.scan else {}
        if self.record is not None:
            kind["record"] = self.record.to_json()
        return {"video": self.video, **kind, **to_json(self.options)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Job":
        """Create a job from JSON values.

        Raises:
            TarError: an option is unknown, or a value has the wrong type or is out of range.
        """
        options = {key: value for key, value in values.items() if key not in ("video", "scan", "record")}
        scan = values.get("scan", False)
        if not isinstance(scan, bool):
            raise TarError("scan: expected true or false")
        record = Recording.from_json(values["record"]) if "record" in values else None
        return cls(_path_text(values, "video"), from_json(CaptureOptions, options), scan, record)


def job_line(job: Job, output: Path) -> str:
    """Format a job, whose result is to be written to `output`, as a line."""
    return json.dumps({"protocol": PROTOCOL, "output": str(output), **job.to_json()}) + "\n"


def parse_job(line: str) -> tuple[Job, Path]:
    """Parse the job and the output path of a line.

    Raises:
        TarError: the line is not a job, or has unknown options or invalid values.
    """
    if len(line) > LONGEST_LINE:
        raise TarError(f"the job is longer than {LONGEST_LINE} characters; select fewer people")
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TarError(f"the job is not one line of JSON: {error}") from None
    if not isinstance(values, dict):
        raise TarError("the job is not a JSON object")
    values = {key: value for key, value in values.items() if value is not None}
    protocol = values.pop("protocol", PROTOCOL)
    if protocol != PROTOCOL:
        raise TarError(f"the job has protocol {protocol!r}, but this engine has {PROTOCOL}; update the older one")
    output = Path(_path_text(values, "output"))
    del values["output"]
    return Job.from_json(values), output


def _path_text(values: Mapping[str, Any], key: str) -> str:
    path = values.get(key)
    try:
        if isinstance(path, str) and path:
            parse_path(path)
            return path
    except ValueError:
        pass
    raise TarError(f"the job's {key} must be a path, not {path!r}")


def event_line(event: str, **values: Any) -> str:
    """Format an event as a line."""
    if "message" in values:
        values["message"] = values["message"][:LONGEST_TEXT]
    return json.dumps({"protocol": PROTOCOL, "event": event, **values}) + "\n"


def known_options() -> list[str]:
    """Names of the job options that this version knows."""
    return sorted(options_of(CaptureOptions))


@dataclass(frozen=True)
class Progress:
    """Progress of a job: processed frames, all frames (0 if unknown) and frames per second."""

    stage: str
    done: int
    total: int
    fps: float

    @property
    def fraction(self) -> float:
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The remaining time; None if it is unknown."""
        return (self.total - self.done) / self.fps if self.fps > 0 and self.total > 0 else None

    @property
    def headline(self) -> str:
        """The stage and the number of frames, as text."""
        stage = _STAGES.get(self.stage, self.stage)
        if self.done == 0 and self.total == 0:
            return stage
        frames = f"{self.done} of {self.total}" if self.total > 0 else f"{self.done}"
        return f"{stage}: {frames} frames"

    @property
    def pace(self) -> str:
        """Speed and remaining time as text; empty until they are known."""
        if self.fps <= 0:
            return ""
        left = self.seconds_left
        return f"{self.fps:.1f} frames/s" + ("" if left is None else f", {format_duration(left)} left")

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.headline, self.pace)))


@dataclass(frozen=True)
class PersonFound:
    """A person of the result, with the first and the last video frame."""

    id: int
    first: int
    last: int


@dataclass(frozen=True)
class Notice:
    """A warning; the job continues. For `topic` see `TarError`."""

    message: str
    topic: str = ""


@dataclass(frozen=True)
class Result:
    """The job has ended and its result is written."""


@dataclass(frozen=True)
class Failure:
    """The job has failed.

    Attributes:
        message: the error for the user.
        outdated: the engine is older than its client and should be updated.
        topic: see `TarError`.
    """

    message: str
    outdated: bool = False
    topic: str = ""


@dataclass(frozen=True)
class Cancelled:
    """The engine has ended because the client cancelled the job."""


Event = Progress | Preview | PersonFound | Notice | Result | Failure | Cancelled
LAST_EVENTS = (Result, Failure, Cancelled)


def parse_event(line: str) -> Event | None:
    """Parse a line of the engine's output; None if the line is not an event, but e.g. output of a library."""
    try:
        fields = json.loads(line)
        kind = fields["event"]
        if kind == "progress":
            fps = _number(fields["fps"])
            done, total = _count(fields["done"]), _count(fields["total"] or 0)
            return Progress(shown_text(fields["stage"]), done, total, fps if fps >= _SLOWEST else 0.0)
        if kind == "preview":
            return Preview.from_json(fields)
        if kind == "person":
            return PersonFound(_count(fields["id"]), _count(fields["first"]), _count(fields["last"]))
        if kind == "warning":
            return Notice(shown_text(fields["message"]), shown_text(fields.get("topic", "")))
        if kind == "result":
            return Result()
        if kind == "error":
            return _failure(fields)
        if kind == "cancelled":
            return Cancelled()
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        pass
    return None


def _count(value: Any) -> int:
    if not 0 <= int(value) <= LARGEST_INTEGER:
        raise ValueError("not a number of frames")
    return int(value)


def _number(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return float(value)


def _failure(fields: Mapping[str, Any]) -> Failure:
    message, unknown_options = (
        shown_text(fields["message"]),
        [shown_text(name) for name in fields.get("unknown_options", ())],
    )
    if fields.get("protocol", 1) < PROTOCOL or unknown_options:
        options = f" and does not support {', '.join(unknown_options)}" if unknown_options else ""
        return Failure(f"the engine is older than the add-on{options}; update the engine", outdated=True)
    return Failure(message, topic=shown_text(fields.get("topic", "")))
