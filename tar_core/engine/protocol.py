"""Messages between the engine and its client: jobs to the engine and events from it, one line of JSON each.

A job, on the engine's standard input:

    {"protocol": 2, "video": "walk.mp4", "output": "walk.npz", "people": "largest", "end": 99, ...}

`video` and `output` are required. The other keys are the options of `CaptureOptions`; options that have their default
are left out. With `"scan": true`, the engine only detects the people in the video (tar_core/people/scan.py). The
`selection` of a later job says which of these people to capture.

Events, on the engine's standard output, each with `"protocol": 2`:

    {"event": "progress", "stage": "load" | "capture" | "camera" | "scan", "done": 12, "total": 100 | null, "fps": 14.2}
    {"event": "warning", "message": "...", "topic": "moving_camera"}
    {"event": "person", "id": 1, "first": 0, "last": 99}
    {"event": "result", "output": "walk.npz"}                                               exit code 0
    {"event": "error", "message": "...", "topic": "nobody_detected", "unknown_options": ["..."]}   exit code 2
    {"event": "cancelled"}                                                                  exit code 130
    {"event": "self_test", "tar_core": "0.1.0", "torch": "2.13.0", "device": "cpu", "seconds": 1.9, "options": [...]}

A job's errors and warnings may have a `topic` (tar_core/errors.py), for which the client has a hint.

The protocol number is increased if a message changes its meaning. New options do not change it: an engine that does not
know an option sends an error with `unknown_options`, and the self-test lists the options that an engine knows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tar_core.duration import format_duration
from tar_core.errors import TarError
from tar_core.option_fields import from_json, options_of, to_json
from tar_core.options import CaptureOptions

PROTOCOL = 2

_STAGES = {
    "load": "Loading the network",
    "capture": "Capturing motion",
    "camera": "Tracking the camera",
    "scan": "Finding people",
}


@dataclass(frozen=True)
class Job:
    """A job for the engine.

    Attributes:
        video: path of the video.
        options: what to capture and how.
        scan: only detect the people in the video.
    """

    video: str
    options: CaptureOptions = field(default_factory=CaptureOptions)
    scan: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"video": self.video, **({"scan": True} if self.scan else {}), **to_json(self.options)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Job":
        """Create a job from JSON values.

        Raises:
            TarError: an option is unknown, or a value has the wrong type or is out of range.
        """
        options = {key: value for key, value in values.items() if key not in ("video", "scan")}
        return cls(values["video"], from_json(CaptureOptions, options), bool(values.get("scan", False)))


def job_line(job: Job, output: Path) -> str:
    """Format a job, whose result is to be written to `output`, as a line."""
    return json.dumps({"protocol": PROTOCOL, "output": str(output), **job.to_json()}) + "\n"


def parse_job(line: str) -> tuple[Job, Path]:
    """Parse the job and the output path of a line.

    Raises:
        TarError: the line is not a job, or has unknown options or invalid values.
    """
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise TarError(f"the job is not one line of JSON: {error}") from None
    if not isinstance(values, dict):
        raise TarError("the job is not a JSON object")
    values = {key: value for key, value in values.items() if value is not None}
    protocol = values.pop("protocol", PROTOCOL)
    if protocol != PROTOCOL:
        raise TarError(f"the job has protocol {protocol}, but this engine has {PROTOCOL}; update the older one")
    for key in ("video", "output"):
        if not isinstance(values.get(key), str) or not values[key]:
            raise TarError(f"the job's {key} must be a path, not {values.get(key)!r}")
    output = Path(values.pop("output"))
    return Job.from_json(values), output


def event_line(event: str, **values: Any) -> str:
    """Format an event as a line."""
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


Event = Progress | PersonFound | Notice | Result | Failure | Cancelled
LAST_EVENTS = (Result, Failure, Cancelled)


def parse_event(line: str) -> Event | None:
    """Parse a line of the engine's output; None if the line is not an event."""
    try:
        fields = json.loads(line)
        kind = fields["event"]
        if kind == "progress":
            return Progress(str(fields["stage"]), int(fields["done"]), int(fields["total"] or 0), float(fields["fps"]))
        if kind == "person":
            return PersonFound(int(fields["id"]), int(fields["first"]), int(fields["last"]))
        if kind == "warning":
            return Notice(str(fields["message"]), str(fields.get("topic", "")))
        if kind == "result":
            return Result()
        if kind == "error":
            return _failure(fields)
        if kind == "cancelled":
            return Cancelled()
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _failure(fields: Mapping[str, Any]) -> Failure:
    message, unknown_options = str(fields["message"]), fields.get("unknown_options", ())
    if fields.get("protocol", 1) < PROTOCOL or unknown_options:
        options = f" and does not support {', '.join(unknown_options)}" if unknown_options else ""
        return Failure(f"the engine is older than the add-on{options}; update the engine", outdated=True)
    return Failure(message, topic=str(fields.get("topic", "")))
