"""The report of a batch: what has become of each video, one JSON object per line, appended as the batch goes on.

It also tells a batch that is started again which videos are finished: those with the same content and the same options,
whose outputs are as they were written.
"""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import tar_core
from tar_core.batch.storage import StoredFile
from tar_core.errors import TarError
from tar_core.files import file_hash, take_lock

REPORT = "report.jsonl"
STARTED, DONE, FAILED, SKIPPED = "started", "done", "failed", "skipped"


@dataclass(frozen=True)
class FileState:
    """Size and time of the last change (nanoseconds) of a file, and the hash of its content if it was computed."""

    size: int
    changed: int
    sha256: str = ""

    @classmethod
    def of(cls, path: Path | StoredFile, with_hash: bool = False) -> "FileState":
        """The present state; `with_hash` is for paths only.

        Raises:
            OSError: there is no such file.
        """
        about = path.stat()
        sha256 = file_hash(path) if with_hash and isinstance(path, Path) else ""
        return cls(about.st_size, about.st_mtime_ns, sha256)

    def is_state_of(self, path: Path | StoredFile) -> bool:
        """Whether the file has not changed. A copy with the same content counts as unchanged if its hash is known."""
        with suppress(OSError):
            now = FileState.of(path)
            if (now.size, now.changed) == (self.size, self.changed):
                return True
            if self.sha256 and isinstance(path, Path):
                return now.size == self.size and file_hash(path) == self.sha256
        return False


@dataclass(frozen=True)
class Outcome:
    """What has become of a video.

    Attributes:
        video: path of the video.
        name: of its outputs.
        status: STARTED, DONE, FAILED or SKIPPED (finished before; not in the report).
        message: why it failed.
        files: the files written, by path; with STARTED, those that existed.
        people, frames: how many; frames from the first to the last with a person.
        seconds: duration of capture, conversion and writing.
        source: the state of the video.
        settings: everything else that the result depends on.
        machine, version: where it was done, and by which version of TAR.
    """

    video: str
    name: str
    status: str
    message: str = ""
    files: Mapping[str, FileState] = field(default_factory=dict)
    people: int = 0
    frames: int = 0
    seconds: float = 0.0
    source: FileState | None = None
    settings: str = ""
    machine: str = field(default_factory=platform.node)
    version: str = tar_core.__version__

    @classmethod
    def from_json(cls, values: Any) -> "Outcome":
        """Read the outcome in a line of a report.

        Raises:
            ValueError, TypeError, AttributeError: it is not one.
        """
        known = {name: value for name, value in values.items() if name in {entry.name for entry in fields(cls)}}
        known["files"] = {path: FileState(**state) for path, state in known.get("files", {}).items()}
        known["source"] = None if known.get("source") is None else FileState(**known["source"])
        return cls(**known)

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class Report:
    """The report in a folder, which one batch at a time may write.

    Args:
        folder: the folder of the outputs.
        name: of the report; parts of a batch have their own.

    Raises:
        TarError: the folder cannot be written, or another batch writes to it.
    """

    def __init__(self, folder: Path, name: str = REPORT) -> None:
        self.path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TarError(f"cannot write to {folder} ({error.strerror}); choose another folder") from error
        try:
            self._file = self.path.open("ab+")
        except OSError as error:
            raise TarError(f"cannot write {self.path} ({error.strerror}); choose another folder") from error
        try:
            take_lock(self._file)
        except OSError as error:
            self._file.close()
            raise TarError(f"{folder}: another batch writes to this folder; wait for its end") from error
        self._last: dict[str, Outcome] = {}
        self._file.seek(0)
        content = self._file.read()
        for line in content.splitlines():
            with suppress(ValueError, TypeError, AttributeError, RecursionError):  # a line that was cut off
                outcome = Outcome.from_json(json.loads(line))
                self._last[outcome.name] = outcome
        if content and not content.endswith(b"\n"):
            self._file.write(b"\n")

    def __enter__(self) -> "Report":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, *outcomes: Outcome) -> None:
        """Append outcomes.

        Raises:
            TarError: they cannot be written.
        """
        self._last |= {outcome.name: outcome for outcome in outcomes}
        try:
            self._file.write(b"".join(outcome.to_json().encode() + b"\n" for outcome in outcomes))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise TarError(f"cannot write {self.path} ({error.strerror}); free some space") from error

    def is_finished(self, video: Path, name: str, outputs: Sequence[Path | StoredFile], settings: str) -> bool:
        """Whether a video was done with the same settings, and neither the video nor the outputs have changed since."""
        last = self._last.get(name)
        return (
            last is not None
            and last.status == DONE
            and last.settings == settings
            and set(last.files) >= set(map(str, outputs))
            and last.source is not None
            and last.source.is_state_of(video)
            and all(last.files[str(output)].is_state_of(output) for output in outputs)
        )

    def has_written(self, name: str, output: Path | StoredFile) -> bool:
        """Whether an existing output is this batch's own, and unchanged; it may then be replaced."""
        last = self._last.get(name)
        known = None if last is None else last.files.get(str(output))
        if known is None:  # a video that was started had no such output then
            return last is not None and last.status == STARTED
        return known.is_state_of(output)
