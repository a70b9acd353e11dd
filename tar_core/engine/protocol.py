"""What the engine and its client say to each other: jobs in, events out, each one line of JSON.

A job, on the engine's standard input:

    {"protocol": 2, "video": "walk.mp4", "output": "walk.npz", "people": "largest", "end": 99, ...}

`video` and `output` are required. The other keys are the options of `CaptureOptions`; options at their defaults are
left out. With `"scan": true` the engine only finds out who is in the video (tar_core/people/scan.py); a later job's
`selection` says which of these people to capture.

Events, on the engine's standard output, each with `"protocol": 2`:

    {"event": "progress", "stage": "load" | "capture" | "camera" | "scan", "done": 12, "total": 100 | null, "fps": 14.2}
    {"event": "warning", "message": "...", "topic": "moving_camera"}
    {"event": "person", "id": 1, "first": 0, "last": 99}
    {"event": "result", "output": "walk.npz"}                                               exit code 0
    {"event": "error", "message": "...", "topic": "nobody_detected", "unknown_options": ["..."]}   exit code 2
    {"event": "cancelled"}                                                                  exit code 130
    {"event": "self_test", "tar_core": "0.1.0", "torch": "2.13.0", "device": "cpu", "seconds": 1.9, "options": [...]}

The protocol number grows when a message changes its meaning. A new option does not change it: an engine that does not
know an option answers with `unknown_options`, and the self-test lists the options that an engine knows.
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
    """What the engine is asked for.

    Attributes:
        video: path of the video.
        options: what to capture and how.
        scan: only find out who is in the video.
    """

    video: str
    options: CaptureOptions = field(default_factory=CaptureOptions)
    scan: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"video": self.video, **({"scan": True} if self.scan else {}), **to_json(self.options)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Job":
        """Raises TarError for unknown options and values of the wrong type or out of range."""
        options = {key: value for key, value in values.items() if key not in ("video", "scan")}
        return cls(values["video"], from_json(CaptureOptions, options), bool(values.get("scan", False)))


def job_line(job: Job, output: Path) -> str:
    """The line that asks for a job, whose result is written to `output`."""
    return json.dumps({"protocol": PROTOCOL, "output": str(output), **job.to_json()}) + "\n"


def parse_job(line: str) -> tuple[Job, Path]:
    """The job and the output path of a line.

    Raises:
        TarError: not a job, or one with unknown options or wrong values.
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
    """The line that reports an event."""
    return json.dumps({"protocol": PROTOCOL, "event": event, **values}) + "\n"


def known_options() -> list[str]:
    """The options of a job that this version knows."""
    return sorted(options_of(CaptureOptions))


@dataclass(frozen=True)
class Progress:
    """Progress of the engine; `total` is 0 if it is unknown."""

    stage: str
    done: int
    total: int
    fps: float

    @property
    def fraction(self) -> float:
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None if it is unknown."""
        return (self.total - self.done) / self.fps if self.fps > 0 and self.total > 0 else None

    @property
    def headline(self) -> str:
        """The stage for the user, with the number of frames."""
        stage = _STAGES.get(self.stage, self.stage)
        if self.done == 0 and self.total == 0:
            return stage
        frames = f"{self.done} of {self.total}" if self.total > 0 else f"{self.done}"
        return f"{stage}: {frames} frames"

    @property
    def pace(self) -> str:
        """Speed and remaining time; empty until they are known."""
        if self.fps <= 0:
            return ""
        left = self.seconds_left
        return f"{self.fps:.1f} frames/s" + ("" if left is None else f", {format_duration(left)} left")

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.headline, self.pace)))


@dataclass(frozen=True)
class PersonFound:
    """A person of the result, with the first and last video frame."""

    id: int
    first: int
    last: int


@dataclass(frozen=True)
class Notice:
    """A warning; the engine continues. `topic` is that of a TarError."""

    message: str
    topic: str = ""


@dataclass(frozen=True)
class Result:
    """The result is written."""


@dataclass(frozen=True)
class Failure:
    """The job failed.

    Attributes:
        message: for the user.
        outdated: the engine is older than its client and should be updated.
        topic: that of a TarError.
    """

    message: str
    outdated: bool = False
    topic: str = ""


@dataclass(frozen=True)
class Cancelled:
    """The engine ended because it was asked to."""


Event = Progress | PersonFound | Notice | Result | Failure | Cancelled
LAST_EVENTS = (Result, Failure, Cancelled)


def parse_event(line: str) -> Event | None:
    """The event of a line of the engine's output; None if the line is something else."""
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
        options = f" and does not know {', '.join(unknown_options)}" if unknown_options else ""
        return Failure(f"the engine is older than the add-on{options}; update the engine", outdated=True)
    return Failure(message, topic=str(fields.get("topic", "")))
