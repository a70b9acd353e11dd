"""What Blender itself can tell of a video before any engine runs: its size, its length and a picture of it."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import bpy.utils.previews

from tar_core.duration import clock
from tar_core.errors import TarError
from tar_core.files import check_video_file

from .mp4_rotation import rotation_tag

ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".mts", ".3gp")

_TURNS_VIDEOS = bpy.app.version >= (4, 4)  # as their files ask for
_REMEMBERED = 64  # videos


@dataclass(frozen=True)
class VideoInfo:
    """Size in pixels, frames a second and how many frames there are.

    Attributes:
        turn: 0, 90, 180 or 270; degrees by which what Blender shows is to be turned to the left to be upright.
            `width` and `height` are the upright picture's.
    """

    width: int
    height: int
    fps: float
    frames: int
    turn: int = 0

    def __str__(self) -> str:
        return f"{self.width} × {self.height}, {self.fps:.4g} fps, {clock(self.frames / self.fps)}"


def read_video_info(path: Path) -> VideoInfo:
    """What the file's header says. It is opened once, for tens of milliseconds, and again when it has changed.

    Raises:
        TarError: it is missing or no video that Blender reads.
    """
    check_video_file(path)
    state = path.stat()
    return _read(path.resolve(), state.st_mtime_ns, state.st_size)


@lru_cache(_REMEMBERED)
def _read(path: Path, changed: int, size: int) -> VideoInfo:
    try:
        movie = bpy.data.movieclips.load(str(path))
    except RuntimeError as error:
        raise TarError(f"{path.name}: cannot be read; check its permissions") from error
    try:
        if movie.frame_duration == 0 or movie.fps <= 0 or 0 in tuple(movie.size):
            raise TarError(f"{path.name}: not a video that Blender can read; choose another or convert it to MP4")
        width, height = map(int, movie.size)
        turn = 0 if _TURNS_VIDEOS else rotation_tag(path)
        if turn in (90, 270):
            width, height = height, width
        return VideoInfo(width, height, float(movie.fps), int(movie.frame_duration), turn)
    finally:
        bpy.data.movieclips.remove(movie)


class Thumbnails:
    """Pictures of videos for the panel, made by Blender's own thumbnailer and kept while the add-on is registered."""

    def __init__(self) -> None:
        self._pictures = bpy.utils.previews.new()

    def icon(self, path: Path) -> int:
        """The number that the layout knows the picture by."""
        name = str(path)
        if name not in self._pictures:
            self._pictures.load(name, name, "MOVIE")
        return self._pictures[name].icon_id

    def close(self) -> None:
        bpy.utils.previews.remove(self._pictures)
