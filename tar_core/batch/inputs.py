"""The videos of a batch: files, folders, patterns and lists, with options for single videos."""

import csv
import glob
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tar_core.errors import TarError
from tar_core.files import VIDEO_ENDINGS
from tar_core.options import CaptureOptions

STANDARD_INPUT = "-"
LIST_ENDINGS = (".csv", ".jsonl")
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class BatchVideo:
    """One video of a batch.

    Attributes:
        path: the video, or a motion file.
        name: of its outputs, without ending.
        options: options for this video alone, by their names on the command line without hyphens: {"fov": "60"}.
    """

    path: Path
    name: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return str(self.path)


def find_videos(inputs: Iterable[Path | str]) -> list[BatchVideo]:
    """List the videos of a batch.

    Args:
        inputs: videos, folders (all videos directly in them, sorted by name), patterns such as `takes/**/*.mp4`, lists
            (`.csv` with the column `video`, `.jsonl` with an object per line), and "-" for a list on standard input.

    Raises:
        TarError: a folder or a pattern contains no video, a list is not usable, or the outputs of two videos would have
            the same name.
    """
    videos = [video for given in inputs for video in _videos_of(str(given))]
    by_name: dict[str, BatchVideo] = {}
    for video in videos:
        other = by_name.setdefault(video.name, video)
        if other is not video:
            raise TarError(
                f"{other} and {video}: their outputs would have the same name; rename one, or give names in a list"
            )
    return videos


def check_shared_options(options: CaptureOptions, videos: Sequence[BatchVideo]) -> None:
    """Check the options that are given for all videos.

    Raises:
        TarError: they contain other views, which can belong to one video only.
    """
    if options.views and len(videos) > 1:
        raise TarError("other views belong to one video; give a list of the videos, with a column `views`")


def is_several(inputs: Sequence[Path | str]) -> bool:
    """Whether inputs of `find_videos` stand for several videos, or may do so."""
    return len(inputs) > 1 or not _is_file(str(inputs[0]))


def _is_file(given: str) -> bool:
    path = Path(given)
    is_list = given == STANDARD_INPUT or path.suffix.lower() in LIST_ENDINGS
    return not (is_list or path.is_dir() or (_PATTERN.search(given) and not path.exists()))


def _videos_of(given: str) -> Iterator[BatchVideo]:
    path = Path(given)
    if given == STANDARD_INPUT:
        yield from _listed(sys.stdin.read(), is_table=False, source="standard input", folder=Path())
    elif path.is_dir():
        yield from map(_video, _videos_in(path))
    elif path.suffix.lower() in LIST_ENDINGS and path.is_file():
        yield from _listed(_text(path), path.suffix.lower() == ".csv", given, path.parent)
    elif _PATTERN.search(given) and not path.exists():
        found = sorted(name for name in glob.glob(given, recursive=True) if Path(name).suffix.lower() in VIDEO_ENDINGS)
        if not found:
            raise TarError(f"{given}: no video has such a name; check the pattern")
        yield from map(_video, map(Path, found))
    else:
        yield _video(path)


def _videos_in(folder: Path) -> list[Path]:
    """The videos of a folder, without hidden files: macOS adds one for each video on other systems' disks."""
    inside = sorted(
        file for file in folder.iterdir() if file.suffix.lower() in VIDEO_ENDINGS and not file.name.startswith(".")
    )
    if not inside:
        raise TarError(f"{folder}: contains no video; give the files, or a folder with videos")
    return inside


def _video(path: Path) -> BatchVideo:
    return BatchVideo(path, path.stem)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TarError(f"{path}: not a readable text file ({error}); save it as UTF-8") from error


def _listed(text: str, is_table: bool, source: str, folder: Path) -> Iterator[BatchVideo]:
    """Yield the videos of a list.

    Args:
        text: the list: a table with a line of titles, or lines that are a JSON object or the path of a video.
        is_table: whether it is a table.
        source: its name, for messages.
        folder: to which paths are relative.
    """
    rows = csv.DictReader(io.StringIO(text)) if is_table else map(_parsed, filter(str.strip, text.splitlines()))
    count = 0
    for number, row in enumerate(rows, 2 if is_table else 1):
        if not isinstance(row, dict) or not isinstance(row.get("video"), str) or None in row or not row["video"]:
            raise TarError(f"{source}: line {number} names no video; give its path as `video`")
        options = {
            name: value for name, value in row.items() if name not in ("video", "name") and value not in ("", None)
        }
        if "views" in options:
            views = options["views"] if isinstance(options["views"], list) else str(options["views"]).split(";")
            options["views"] = [str(folder / str(view).strip()) for view in views]
        path = folder / row["video"]
        name = str(row.get("name") or path.stem)
        if Path(name).name != name or name == "..":
            raise TarError(f"{source}: line {number}: {name!r} is not the name of a file; leave folders out")
        yield BatchVideo(path, name, options)
        count += 1
    if not count:
        raise TarError(f"{source}: the list is empty; give a video per line")


def _parsed(line: str) -> Any:
    """The content of a line: an object, or the path of a video."""
    if not line.lstrip().startswith("{"):
        return {"video": line.strip()}
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
