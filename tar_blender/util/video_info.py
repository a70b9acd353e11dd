"""A video's size, length and thumbnail, read by Blender, without the engine."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import bpy
import bpy.utils.previews

from tar_core.duration import format_duration
from tar_core.errors import TarError
from tar_core.files import check_video_file
from tar_core.video.mp4_header import display_orientation, pixel_aspect
from tar_core.video.orientation import Orientation, square_pixels

_BLENDER_TURNS_VIDEOS = bpy.app.version >= (4, 4)  # according to the display matrix, but it never mirrors them
_CACHED_VIDEOS = 64


@dataclass(frozen=True)
class VideoInfo:
    """The facts in a video's header.

    Attributes:
        width: of the upright frame, in square pixels.
        height: of the upright frame, in square pixels.
        fps: frames per second, as Blender counts them; for a variable rate, the engine may choose another.
        frames: the number of frames at this rate.
        orientation: how the frames that Blender shows must be turned and mirrored to look as in a player.
    """

    width: int
    height: int
    fps: float
    frames: int
    orientation: Orientation = field(default_factory=Orientation)

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
        whole = left = display_orientation(path)
        if _BLENDER_TURNS_VIDEOS:
            width, height = whole.shown_size(width, height)  # the stored size
            left = whole.after_turn()
        width, height = whole.shown_size(*square_pixels(width, height, pixel_aspect(path)))
        return VideoInfo(width, height, float(movie.fps), int(movie.frame_duration), left)
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
