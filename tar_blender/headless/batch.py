"""Many videos in one go: which they are, what is written of each, and the report of what became of them.

What happens to one clip is given as a function, so that nothing here needs Blender.
"""

import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import atomic_path

from ..util.video_info import VIDEO_ENDINGS

REPORT = "report.json"


@dataclass(frozen=True)
class Outcome:
    """What became of a clip.

    Attributes:
        video: the file.
        status: "done", "failed", "skipped" (everything was there already) or "cancelled".
        message: why it failed.
        files: what was written.
        people: how many were found.
        seconds: what it took, capture and writing.
    """

    video: str
    status: str
    message: str = ""
    files: list[str] = field(default_factory=list)
    people: int = 0
    seconds: float = 0.0


def find_clips(inputs: Iterable[Path]) -> list[Path]:
    """Files as they are given; of folders the videos right inside, by name.

    Raises:
        TarError: a folder holds no video, or two clips would be written under one name.
    """
    clips: list[Path] = []
    for path in inputs:
        if not path.is_dir():
            clips.append(path)
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() in VIDEO_ENDINGS)
        if not inside:
            raise TarError(f"{path}: holds no video; give a folder with some, or the files")
        clips += inside
    by_stem: dict[str, Path] = {}
    for clip in clips:
        other = by_stem.setdefault(clip.stem, clip)
        if other is not clip:
            raise TarError(f"{other} and {clip} would be written under one name; rename one or run them apart")
    return clips


def output_files(clip: Path, folder: Path, formats: Sequence[str]) -> list[Path]:
    """What a clip is written to: out/walk.blend, out/walk.fbx ... of videos/walk.mp4."""
    return [folder / f"{clip.stem}.{ending}" for ending in formats]


def one_by_one(clips: Sequence[Path]) -> Iterator[tuple[Path, float]]:
    """Each clip when the last one is done, and when that was."""
    for clip in clips:
        yield clip, time.monotonic()


def run_batch(
    clips: Sequence[Path],
    folder: Path,
    formats: Sequence[str],
    convert: Callable[[Path, Sequence[Path]], tuple[int, Sequence[Path]]],
    tell: Callable[[Outcome], None],
    resume: bool = False,
    overwrite: bool = False,
    ready: Callable[[Sequence[Path]], Iterable[tuple[Path, float]]] = one_by_one,
) -> list[Outcome]:
    """Converts one clip after the other; one that fails doesn't stop the rest.

    The folder's report.json is written anew after every clip, so that it is right whenever the run ends.

    Args:
        convert: makes the files of a clip, whole or not at all each; returns how many people are in it and what was
            written.
        tell: hears of each outcome.
        resume: clips whose files are all there are left as they are.
        overwrite: files that are there are written anew; without either they make a clip fail.
        ready: of the clips that are to be converted, each when it can be, and when the work on it began.

    Raises:
        TarError: the folder cannot be written.
        KeyboardInterrupt: the user's; the report holds what was done before.
    """
    outcomes: list[Outcome] = []
    waiting: dict[Path, list[Path]] = {}

    def write_report() -> None:
        with atomic_path(folder / REPORT) as temporary:
            temporary.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1) + "\n")

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        waiting.pop(Path(outcome.video), None)
        tell(outcome)
        write_report()

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TarError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from error
    write_report()  # before the first capture, not after it, a folder that cannot be written is found out
    for clip in clips:
        files = output_files(clip, folder, formats)
        there = [file for file in files if file.exists()]
        if resume and len(there) == len(files):
            note(Outcome(str(clip), "skipped", files=[str(file) for file in files]))
        elif there and not (overwrite or resume):
            note(Outcome(str(clip), "failed", f"{there[0]}: is there already; add --overwrite or --resume"))
        else:
            waiting[clip] = files
    try:
        for clip, began in ready(list(waiting)):
            note(_outcome(clip, waiting[clip], convert, began))
    except KeyboardInterrupt:
        for clip in list(waiting):
            note(Outcome(str(clip), "cancelled"))
        raise
    return outcomes


def _outcome(
    clip: Path,
    files: Sequence[Path],
    convert: Callable[[Path, Sequence[Path]], tuple[int, Sequence[Path]]],
    began: float,
) -> Outcome:
    people, written, status, message = 0, [], "done", ""
    try:
        people, written = convert(clip, files)
    except TarError as error:
        status, message = "failed", str(error)
    except Exception as error:  # a bug, which need not stop the rest
        traceback.print_exc()
        status, message = "failed", f"{clip}: unexpected {type(error).__name__}: {error}"
    seconds = round(time.monotonic() - began, 1)
    return Outcome(str(clip), status, message, [str(file) for file in written], people, seconds)
