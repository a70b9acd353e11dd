"""What Blender itself can tell of a video before any engine runs: its size, its length and a picture of it."""

from dataclasses import dataclass
from pathlib import Path

import bpy
import bpy.utils.previews

from tar_core.errors import TarError

from .clock import clock

ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".mts", ".3gp")


@dataclass(frozen=True)
class VideoInfo:
    """Size in pixels, frames a second and how many frames there are."""

    width: int
    height: int
    fps: float
    frames: int

    def __str__(self) -> str:
        return f"{self.width} × {self.height}, {self.fps:.4g} fps, {clock(self.frames / self.fps)}"


def read_video_info(path: Path) -> VideoInfo:
    """What the file's header says.

    Raises:
        TarError: it is missing or no video that Blender reads.
    """
    if not path.is_file():
        raise TarError(f"{path.name}: no such video; choose a file that exists")
    try:
        movie = bpy.data.movieclips.load(str(path))
    except RuntimeError as error:
        raise TarError(f"{path.name}: cannot be read; check its permissions") from error
    try:
        if movie.frame_duration == 0 or movie.fps <= 0 or 0 in tuple(movie.size):
            raise TarError(f"{path.name}: not a video that Blender can read; choose another or convert it to MP4")
        return VideoInfo(int(movie.size[0]), int(movie.size[1]), float(movie.fps), int(movie.frame_duration))
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
