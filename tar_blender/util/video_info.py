"""A video's size, length and thumbnail, read by Blender, without the engine."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import bpy.utils.previews

from tar_core.duration import format_duration
from tar_core.errors import TarError
from tar_core.files import check_video_file

from .mp4_rotation import rotation_tag

VIDEO_ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".mts", ".3gp")

_BLENDER_ROTATES_VIDEOS = bpy.app.version >= (4, 4)  # according to the rotation tag
_CACHED_VIDEOS = 64


@dataclass(frozen=True)
class VideoInfo:
    """The facts in a video's header.

    Attributes:
        width: of the upright frame, pixels.
        height: of the upright frame, pixels.
        fps: frames per second.
        frames: the number of frames.
        rotation: 0, 90, 180 or 270; by how many degrees the frames that Blender shows must be rotated counterclockwise
            to be upright.
    """

    width: int
    height: int
    fps: float
    frames: int
    rotation: int = 0

    def __str__(self) -> str:
        return f"{self.width} × {self.height}, {self.fps:.4g} fps, {format_duration(self.frames / self.fps)}"


def read_video_info(path: Path) -> VideoInfo:
    """Read a video's header.

    Opening a video takes tens of milliseconds; the result is cached until the file changes.

    Raises:
        TarError: the file is missing, or Blender cannot read it as a video.
    """
    check_video_file(path)
    state = path.stat()
    return _read(path.resolve(), state.st_mtime_ns, state.st_size)


@lru_cache(_CACHED_VIDEOS)
def _read(path: Path, changed: int, size: int) -> VideoInfo:
    """Read the header; `changed` and `size` only distinguish versions of the file in the cache."""
    try:
        movie = bpy.data.movieclips.load(str(path))
    except RuntimeError as error:
        raise TarError(f"{path.name}: cannot be read; check its permissions") from error
    try:
        if movie.frame_duration == 0 or movie.fps <= 0 or 0 in tuple(movie.size):
            raise TarError(f"{path.name}: not a video that Blender can read; choose another or convert it to MP4")
        width, height = map(int, movie.size)
        rotation = 0 if _BLENDER_ROTATES_VIDEOS else rotation_tag(path)
        if rotation in (90, 270):
            width, height = height, width
        return VideoInfo(width, height, float(movie.fps), int(movie.frame_duration), rotation)
    finally:
        bpy.data.movieclips.remove(movie)


class Thumbnails:
    """Thumbnails of videos for the panel, made by Blender and kept while the add-on is registered."""

    def __init__(self) -> None:
        self._previews = bpy.utils.previews.new()

    def icon(self, path: Path) -> int:
        """Return the icon number of a video's thumbnail, for layouts."""
        name = str(path)
        if name not in self._previews:
            self._previews.load(name, name, "MOVIE")
        return self._previews[name].icon_id

    def close(self) -> None:
        """Free the thumbnails."""
        bpy.utils.previews.remove(self._previews)
