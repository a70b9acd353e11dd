"""Process many videos in one run, and report the result of each.

The processing of a video is a function that the caller passes.
"""

import os
import platform
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tar_core.batch.inputs import BatchVideo
from tar_core.batch.report import DONE, FAILED, REPORT, SKIPPED, STARTED, FileState, Outcome, Report
from tar_core.batch.storage import StoredFile
from tar_core.errors import TarError
from tar_core.files import check_outputs
from tar_core.shard import Shard

Output = Path | StoredFile


@dataclass(frozen=True)
class Written:
    """What was made of a video.

    Attributes:
        files: the files written, each completely or not at all, and their states.
        source: the state of the video.
        people: number of people.
        frames: from the first to the last one with a person.
    """

    files: Mapping[Output, FileState]
    source: FileState
    people: int
    frames: int

    @classmethod
    def of(cls, video: Path, files: Sequence[Output], people: int, frames: int) -> "Written":
        """Look at the files. On a cluster, the machine that has written them does so.

        Raises:
            OSError: a file does not exist.
        """
        states = {file: FileState.of(file) for file in files}
        return cls(states, FileState.of(video, with_hash=True), people, frames)

    def named(self, files: Sequence[Output]) -> "Written":
        """The same with other paths of the files, such as relative ones."""
        return replace(self, files=dict(zip(files, self.files.values(), strict=True)))


@dataclass(frozen=True)
class Batch:
    """Where and how a batch writes.

    Attributes:
        folder: for the report and, without `results`, the outputs.
        endings: of the outputs of each video.
        settings: describes all that the result of a video depends on, apart from its content.
        resume: skip videos that are finished, and write the others again.
        overwrite: replace existing files; without `resume` and `overwrite`, videos with existing files fail.
        inputs: files that must not be replaced; videos with such an output fail.
        shard: the part of a batch that these videos are, if it is divided; it has its own report.
        results: address of the folder for the outputs in a storage; see `StoredFile`.
    """

    folder: Path
    endings: Sequence[str]
    settings: Callable[[BatchVideo], str] = lambda video: ""
    resume: bool = False
    overwrite: bool = False
    inputs: Sequence[Path | None] = ()
    shard: Shard | None = None
    results: str | None = None

    def outputs(self, video: BatchVideo) -> list[Output]:
        """The output files of a video, such as out/walk.blend and out/walk.fbx for videos/walk.mp4."""
        names = [f"{video.name}.{ending}" for ending in self.endings]
        if self.results is None:
            return [self.folder / name for name in names]
        return [StoredFile(f"{self.results.rstrip('/')}/{name}") for name in names]


Process = Callable[[BatchVideo, Sequence[Any]], Written]  # of the outputs, which are paths without `Batch.results`


@dataclass(frozen=True)
class Ready:
    """A video that can be processed, the time at which the work on it started, and the machine that did it."""

    video: BatchVideo
    started: float
    machine: str = field(default_factory=platform.node)


def one_by_one(videos: Sequence[BatchVideo]) -> Iterator[Ready]:
    """Yield each video."""
    for video in videos:
        yield Ready(video, time.monotonic())


def run_batch(
    videos: Sequence[BatchVideo],
    batch: Batch,
    process: Process,
    on_outcome: Callable[[Outcome], None],
    ready: Callable[[Sequence[BatchVideo]], Iterable[Ready]] = one_by_one,
) -> list[Outcome]:
    """Process one video after another; a failure does not stop the others.

    Args:
        videos: the videos.
        batch: where and how to write.
        process: writes the outputs of one video.
        on_outcome: called with the outcome of each video.
        ready: yields each of the given videos when it can be processed.

    Raises:
        TarError: the folder cannot be written.
        KeyboardInterrupt: the user pressed Ctrl-C.
    """
    name = REPORT if batch.shard is None else batch.shard.name_of(REPORT)
    with Report(batch.folder, name) as report:
        run = _Run(batch, report, on_outcome)
        waiting = [video for video in videos if run.is_wanted(video)]
        report.add(*map(run.start, waiting))
        for one in ready(waiting):
            run.process(one, process)
        return run.outcomes


@dataclass
class _Run:
    """A batch, and its outcomes so far."""

    batch: Batch
    report: Report
    on_outcome: Callable[[Outcome], None]
    outcomes: list[Outcome] = field(default_factory=list)

    def is_wanted(self, video: BatchVideo) -> bool:
        """Whether a video is to be processed; otherwise its outcome is added."""
        outputs = self.batch.outputs(video)
        if self.batch.resume and self.report.is_finished(video.path, video.name, outputs, self.batch.settings(video)):
            self._end(Outcome(str(video), video.name, SKIPPED))
            return False
        reason = self._reason_to_keep([file for file in outputs if _exists(file)], video)
        if reason:
            self._end(Outcome(str(video), video.name, FAILED, reason))
            return False
        return True

    def start(self, video: BatchVideo) -> Outcome:
        """The outcome of a video before it is processed, with the outputs that exist and will be replaced."""
        existing = [file for file in self.batch.outputs(video) if file.exists()]
        return Outcome(str(video), video.name, STARTED, files={str(file): FileState.of(file) for file in existing})

    def _reason_to_keep(self, existing: Sequence[Output], video: BatchVideo) -> str:
        """Why existing files must not be replaced; empty if they may."""
        try:
            check_outputs([file for file in existing if isinstance(file, Path)], self.batch.inputs)
        except TarError as error:
            return str(error)
        for file in existing:
            is_own = self.batch.resume and self.report.has_written(video.name, file)
            if not (self.batch.overwrite or is_own):
                how = (
                    "it is not from this batch; add --overwrite to replace it"
                    if self.batch.resume
                    else ("add --overwrite, or --resume to continue a batch")
                )
                return f"{file}: already exists; {how}"
        return ""

    def process(self, ready: Ready, process: Process) -> None:
        """Process a video, and add its outcome even if that fails."""
        video, status, message = ready.video, DONE, ""
        written: Written | None = None
        try:
            written = process(video, self.batch.outputs(video))
        except TarError as error:
            status, message = FAILED, str(error)
        except Exception as error:  # a bug should not stop the other videos
            traceback.print_exc()
            status, message = FAILED, f"{video}: unexpected {type(error).__name__}: {error}"
        outcome = Outcome(
            video=str(video),
            name=video.name,
            status=status,
            message=message,
            seconds=round(time.monotonic() - ready.started, 1),
            settings=self.batch.settings(video),
            machine=ready.machine,
        )
        if written is not None:
            outcome = replace(
                outcome,
                files={str(file): state for file, state in written.files.items()},
                people=written.people,
                frames=written.frames,
                source=written.source,
            )
        self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if outcome.status != SKIPPED:
            self.report.add(outcome)
        self.on_outcome(outcome)


def _exists(file: Output) -> bool:
    return os.path.lexists(file) if isinstance(file, Path) else file.exists()
