"""Runs stages, each of many measurements, and keeps every result as soon as there is one.

All results are in one file, results.json in the output folder. A measurement that is in it is not repeated, so a stage
that was killed, or had no time left, resumes where it was. What is needed only to resume is in the work folder.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tar_core.errors import TarError, first_line
from tar_core.files import atomic_path

RESULTS = "results.json"
FAILED = "failed"  # instead of a measurement: why the stage ended
Row = dict[str, Any]


class OutOfTimeError(Exception):
    """There is no time for the next measurement."""


@dataclass
class Session:
    """Where and how the stages run.

    Attributes:
        device: a torch device.
        is_small: whether to take few measurements, as a rehearsal.
        pack: the file of `packing`, for stages that need training data.
        output: folder to download at the end.
        work: folder of what is needed to resume.
        deadline: time of `time.monotonic` after which no measurement begins.
        report: called with lines for the user.
    """

    device: str
    is_small: bool
    pack: Path
    output: Path
    work: Path
    deadline: float
    report: Callable[[str], None] = print
    _stage: str = field(default="", init=False)

    def measure(self, name: str, function: Callable[[], Row]) -> Row:
        """Do a measurement of the current stage, unless it was done before.

        Raises:
            OutOfTimeError: there is no time for it.
        """
        rows = self.results().setdefault(self._stage, {})
        if name in rows:
            return rows[name]
        if time.monotonic() > self.deadline:
            raise OutOfTimeError
        row = function()
        self.keep(name, row)
        self.report(f"  {name}: " + "  ".join(f"{key} {_short(value)}" for key, value in row.items()))
        return row

    def keep(self, name: str, row: Row) -> None:
        """Write a result of the current stage."""
        results = self.results()
        rows = results.setdefault(self._stage, {})
        rows.pop(FAILED, None)  # of an earlier call
        rows[name] = row
        self.output.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.output / RESULTS) as temporary:
            temporary.write_text(json.dumps(results, indent=1) + "\n")

    def results(self) -> dict[str, dict[str, Row]]:
        """All results so far, by stage and name."""
        file = self.output / RESULTS
        return json.loads(file.read_text()) if file.is_file() else {}

    def begin(self, stage: str) -> None:
        """Record the next results under a stage."""
        self._stage = stage


@dataclass(frozen=True)
class Stage:
    """A part of the work.

    Attributes:
        name: of the stage.
        shows: what it shows.
        run: does the measurements.
        minutes: that it takes at most on one H200, by estimate.
        needs_pack: whether it needs the pack of training data.
        brings: files that it adds to the output, besides its results.
    """

    name: str
    shows: str
    run: Callable[[Session], None]
    minutes: int
    needs_pack: bool = False
    brings: str = ""


def run_stages(stages: list[Stage], session: Session) -> int:
    """Run stages one after the other.

    Returns:
        0 if all are finished, 3 if the time was not enough and the command must be repeated, 2 if a stage failed.
    """
    status = 0
    for stage in stages:
        if session.results().get(stage.name, {}).get("finished"):
            session.report(f"{stage.name}: finished before")
            continue
        session.begin(stage.name)
        session.report(f"{stage.name}: {stage.shows}")
        try:
            stage.run(session)
        except OutOfTimeError:
            session.report(f"{stage.name}: no time left; repeat the command to resume")
            return 3
        except (TarError, torch.OutOfMemoryError) as error:
            session.report(f"{stage.name}: {error}")
            session.keep(FAILED, {"error": first_line(error)})
            status = 2
        else:
            session.keep("finished", {"device": device_name(session.device), "torch": torch.__version__})
    return status


def device_name(device: str) -> str:
    """The name of a device, for the results."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device}, {torch.get_num_threads()} threads"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
