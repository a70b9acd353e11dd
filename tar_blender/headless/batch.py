"""Convert many videos in one run, and report the result of each.

The conversion of a video is a function that the caller passes, so this module needs no Blender data.
"""

import json
import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import VIDEO_ENDINGS, atomic_path, check_outputs

REPORT = "report.json"

# Writes the files of a video, each completely or not at all; returns the number of people and the files written.
Convert = Callable[[Path, Sequence[Path]], tuple[int, Sequence[Path]]]


@dataclass(frozen=True)
class Outcome:
    """The result of one video.

    Attributes:
        video: path of the video.
        status: "done", "failed", "skipped" (all files existed) or "cancelled".
        message: why it failed.
        files: the files written.
        people: the number of people.
        seconds: duration of capture, conversion and writing.
    """

    video: str
    status: str
    message: str = ""
    files: list[str] = field(default_factory=list)
    people: int = 0
    seconds: float = 0.0


def find_clips(inputs: Iterable[Path]) -> list[Path]:
    """List the videos: the given files, and all videos directly in the given folders, sorted by name.

    Raises:
        TarError: a folder contains no video, or the outputs of two videos would have the same name.
    """
    clips: list[Path] = []
    for path in inputs:
        if not path.is_dir():
            clips.append(path)
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() in VIDEO_ENDINGS)
        if not inside:
            raise TarError(f"{path}: contains no video; give the files, or a folder with videos")
        clips += inside
    by_stem: dict[str, Path] = {}
    for clip in clips:
        other = by_stem.setdefault(clip.stem, clip)
        if other is not clip:
            raise TarError(f"{other} and {clip}: their outputs would have the same name; rename one of them")
    return clips


def output_files(clip: Path, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Return the output files of a video, e.g. out/walk.blend and out/walk.fbx for videos/walk.mp4."""
    return [folder / f"{clip.stem}.{ending}" for ending in formats]


def one_by_one(clips: Sequence[Path]) -> Iterator[tuple[Path, float]]:
    """Yield each video, and the time at which its conversion starts."""
    for clip in clips:
        yield clip, time.monotonic()


def run_batch(
    clips: Sequence[Path],
    folder: Path,
    formats: Sequence[str],
    convert: Convert,
    on_outcome: Callable[[Outcome], None],
    resume: bool = False,
    overwrite: bool = False,
    ready: Callable[[Sequence[Path]], Iterable[tuple[Path, float]]] = one_by_one,
    inputs: Sequence[Path | None] = (),
) -> list[Outcome]:
    """Convert one video after another; a failure does not stop the others.

    The file report.json in the folder is updated after each video, so it is correct whenever the run ends.

    Args:
        clips: the videos.
        folder: for the output files.
        formats: suffixes of the output files.
        convert: converts one video.
        on_outcome: called with the result of each video.
        resume: skip videos whose output files all exist.
        overwrite: replace existing files; without `resume` and `overwrite`, videos with existing files fail.
        ready: yields each of the given videos when it can be converted, and the time at which the work on it started.
        inputs: files that must not be replaced; videos with such an output fail.

    Raises:
        TarError: the folder cannot be written.
        KeyboardInterrupt: the user pressed Ctrl-C; the report is complete.
    """
    run = _Run(folder, on_outcome)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TarError(f"{folder}: cannot be created ({error.strerror}); choose another folder") from error
    run.write_report()  # before the first capture, to find out whether the folder can be written
    waiting: dict[Path, list[Path]] = {}
    for clip in clips:
        files = output_files(clip, folder, formats)
        existing = [file for file in files if os.path.lexists(file)]
        if resume and len(existing) == len(files):
            run.add(Outcome(str(clip), "skipped", files=[str(file) for file in files]))
        elif existing and not (overwrite or resume):
            run.add(Outcome(str(clip), "failed", f"{existing[0]}: already exists; add --overwrite or --resume"))
        elif reason := _reason_to_keep(existing, inputs):
            run.add(Outcome(str(clip), "failed", reason))
        else:
            waiting[clip] = files
    try:
        for clip, started in ready(list(waiting)):
            outcome = _outcome(clip, waiting[clip], convert, started)
            del waiting[clip]
            run.add(outcome)
    except KeyboardInterrupt:
        for clip in waiting:
            run.add(Outcome(str(clip), "cancelled"))
        raise
    return run.outcomes


def _reason_to_keep(outputs: Sequence[Path], inputs: Sequence[Path | None]) -> str:
    """Why existing files must not be replaced; empty if they may."""
    try:
        check_outputs(outputs, inputs)
    except TarError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class _Run:
    """The outcomes so far, and the report of them."""

    folder: Path
    on_outcome: Callable[[Outcome], None]
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.on_outcome(outcome)
        self.write_report()

    def write_report(self) -> None:
        with atomic_path(self.folder / REPORT) as temporary:
            temporary.write_text(json.dumps([asdict(outcome) for outcome in self.outcomes], indent=1) + "\n")


def _outcome(clip: Path, files: Sequence[Path], convert: Convert, started: float) -> Outcome:
    """Convert a video, and return its outcome even if the conversion fails."""
    people, status, message = 0, "done", ""
    written: Sequence[Path] = []
    try:
        people, written = convert(clip, files)
    except TarError as error:
        status, message = "failed", str(error)
    except Exception as error:  # a bug should not stop the other videos
        traceback.print_exc()
        status, message = "failed", f"{clip}: unexpected {type(error).__name__}: {error}"
    seconds = round(time.monotonic() - started, 1)
    return Outcome(str(clip), status, message, [str(file) for file in written], people, seconds)
