"""A video's size, length and thumbnail, read by Blender, without the engine."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import bpy
import bpy.utils.previews

from tar_core.duration import format_duration
from tar_core.errors import TarError
from tar_core.files import check_video_file
from tar_core.video.mp4_header import display_orientation, image_times, pixel_aspect
from tar_core.video.nominal_rate import nominal_fps, shown_seconds
from tar_core.video.orientation import Orientation, square_pixels

_BLENDER_TURNS_VIDEOS = bpy.app.version >= (4, 4)  # according to the display matrix, but it never mirrors them
_CACHED_VIDEOS = 64


@dataclass(frozen=True)
class VideoInfo:
    """The facts in a video's header.

    Attributes:
        width: of the upright frame, in square pixels.
        height: of the upright frame, in square pixels.
        fps: frames per second, as the engine reads the video. For a variable rate in a file other than MP4 and MOV, the
            engine may choose another.
        frames: the number of frames at this rate.
        blender_fps: frames per second, as Blender counts them.
        blender_frames: the number of frames at this rate.
        orientation: how the frames that Blender shows must be turned and mirrored to look as in a player.
    """

    width: int
    height: int
    fps: float
    frames: int
    blender_fps: float
    blender_frames: int
    orientation: Orientation = field(default_factory=Orientation)

    def in_blender(self, frame: int) -> int:
        """The number by which Blender counts a frame of the engine, both from 0.

        The engine takes the image whose time stamp is nearest to that of the frame, and Blender the last image before a
        time. So that this is the same image, the time is half a frame later.
        """
        return min(int((frame + 0.5) * self.blender_fps / self.fps), self.blender_frames - 1)

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


def load_image(path: Path) -> bpy.types.Image:
    """Load a video as an image.

    By itself, Blender takes only files with the usual endings for movies, so those of some cameras would stay blank.

    Raises:
        TarError: the file is missing, or Blender cannot read it as a video.
    """
    read_video_info(path)  # it may be a picture, for example
    image = bpy.data.images.load(str(path.resolve()))
    image.source = "MOVIE"
    return image


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
        counted = float(movie.fps), int(movie.frame_duration)
        return VideoInfo(width, height, *_constant_rate(path, *counted), *counted, left)
    finally:
        bpy.data.movieclips.remove(movie)


def _constant_rate(path: Path, fps: float, frames: int) -> tuple[float, int]:
    """The frame rate and the number of frames by which the engine reads a video (tar_core/video/timeline.py).

    Args:
        fps, frames: by which Blender counts.
    """
    times = image_times(path)
    if times is None:
        return fps, frames
    rate = nominal_fps([fps, len(times.stamps) / times.end], times.stamps, times.tick)
    return rate, max(round(min(shown_seconds(times.stamps, rate), times.end) * rate), 1)


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
