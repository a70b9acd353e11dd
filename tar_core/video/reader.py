"""Reading of video files as a stream of frames at a constant rate."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tar_core.errors import TarError
from tar_core.motion_forms import MAX_FPS, MIN_FPS
from tar_core.npz import MAX_LENGTH
from tar_core.video.container import OpenVideo, open_video
from tar_core.video.nominal_rate import is_splice
from tar_core.video.picture import Picture, PictureConverter
from tar_core.video.picture_sequence import is_one_of_a_sequence
from tar_core.video.timeline import Timeline, read_timeline

SEEK_BEYOND = 5.0  # seconds; a later start is reached by seeking, an earlier one by decoding all frames before it


@dataclass(frozen=True)
class VideoFrame:
    """One frame at the constant rate.

    Attributes:
        index: 0-based frame number; the frame's time is `index / fps`.
        time: time of the image in the file, seconds since the first one.
        picture: the decoded image. If the file has fewer than the constant rate needs, consecutive frames share one.
    """

    index: int
    time: float
    picture: Picture

    @property
    def image(self) -> np.ndarray:
        """[H, W, 3] uint8 RGB, as a player shows it: upright, with square pixels. Read-only."""
        return self.picture.image


class VideoReader:
    """Size, frame rate and frames of a video file.

    Frames are what a player shows: the largest video stream of the file in the order of display, with its edit list,
    display matrix, pixel aspect and color matrix applied.

    Phones record at a variable frame rate. Motion needs constant time steps, so frames are resampled to the nominal
    frame rate: frame k is the image whose time stamp is nearest to k / fps. For a file with a constant rate, these are
    all its images. `nominal_fps` tells how the rate is chosen.

    Args:
        path: the file.

    Attributes:
        path: the file.
        width, height: displayed size in square pixels.
        fps: constant frame rate.
        frame_count: number of frames according to the file's time stamps; an estimate, None if the file has none.
        warnings: messages for the user, added while reading (such as a damaged file).

    Raises:
        TarError: the file does not exist, is not a video, has too many frames or an unusual frame rate, or no frame can
            be decoded.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.warnings: list[str] = []
        with contextlib.ExitStack() as opened:
            video = opened.enter_context(open_video(self.path))
            if video.container.format.name.endswith("_pipe") and is_one_of_a_sequence(self.path):
                self.warnings.append(
                    f"{self.path}: only this picture of the sequence is captured; make a video of the pictures first"
                )
            self._has_decoding_times = video.container.format.name == "avi"
            timeline = read_timeline(video, self.path)
            self._set_timeline(timeline)
            if not timeline.is_indexed:
                opened.close()
                video = opened.enter_context(open_video(self.path))
            # The first call of `frames` goes on from here: opening and decoding take a fixed time for each file.
            pictures = _decode_and_close(video, opened.pop_all())
        first = next(pictures, None)
        if first is None:
            raise TarError(f"{self.path}: no frame can be decoded; the file is empty or damaged, convert it again")
        self._begun: Iterator[av.VideoFrame] | None = itertools.chain([first], pictures)
        self._first_stamp = self._time(first) or 0.0
        self._converter = PictureConverter(first, video.stream.sample_aspect_ratio)
        self.width, self.height = self._converter.width, self._converter.height

    def _set_timeline(self, timeline: Timeline) -> None:
        if not MIN_FPS <= timeline.fps <= MAX_FPS or (timeline.frame_count or 0) > MAX_LENGTH:
            raise TarError(
                f"{self.path}: {timeline.frame_count or 'unknown'} frames at {timeline.fps:g} frames per second cannot "
                f"be captured; convert it to a shorter video with {MIN_FPS:g} to {MAX_FPS:g} frames per second"
            )
        self.fps = timeline.fps
        self.frame_count = timeline.frame_count
        self._is_joined = timeline.is_joined
        self._missing = round(timeline.missing * self.fps)  # frames

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    def frames_in(self, start: int = 0, end: int | None = None) -> int | None:
        """Number of frames that `frames(start, end)` returns; an estimate like `frame_count`."""
        last = end
        if self.frame_count is not None:
            last = self.frame_count - 1 if end is None else min(end, self.frame_count - 1)
        return None if last is None else max(last - start + 1, 0)

    def frames(self, start: int = 0, end: int | None = None) -> Iterator[VideoFrame]:
        """Iterate over frames `start` to `end` (included; None for the end of the file)."""
        shown: _Decoded | None = None
        index = start
        for following in self._decode_from(start):
            if shown is not None:
                while index - shown.position <= following.position - index:
                    if end is not None and index > end:
                        return
                    yield VideoFrame(index, shown.position / self.fps, shown.picture)
                    index += 1
            shown = following
        while shown is not None and index <= shown.position + 0.5 and (end is None or index <= end):
            yield VideoFrame(index, shown.position / self.fps, shown.picture)
            index += 1
        self._warn_if_short(index, end)

    def _decode_from(self, start: int) -> Iterator["_Decoded"]:
        """Decode the images of the file, beginning at frame `start` or earlier."""
        last = -1.0
        splice = 0.0  # frames added or lost by jumps of the time stamps
        for picture in self._pictures_from(start):
            time = self._time(picture)
            position = last if time is None else (time - self._first_stamp) * self.fps - splice
            if last >= 0 and is_splice(np.array((position - last) / self.fps)):
                splice += position - last - 1
                position = last + 1
            elif position <= last:  # the file has no time stamps, or wrong ones
                position = last + 1
            last = position
            if position >= start - 1.5:  # otherwise the next image is nearer to the first wanted frame
                yield _Decoded(position, Picture(picture, self._converter))

    def _time(self, picture: av.VideoFrame) -> float | None:
        """Time stamp of a decoded picture, seconds; None if it has none.

        AVI files have times of decoding only, which PyAV also returns as those of display, in another order.
        """
        stamp = picture.dts if self._has_decoding_times else picture.pts
        return None if stamp is None or picture.time_base is None else float(stamp * picture.time_base)

    def _pictures_from(self, start: int) -> Iterator[av.VideoFrame]:
        """Decode the file, from shortly before frame `start` if that is far away and seeking works in this file."""
        begun, self._begun = self._begun, None
        seconds = start / self.fps
        if seconds > SEEK_BEYOND and not self._is_joined:
            with open_video(self.path) as video:
                pictures = self._seek(video, seconds - 1.0)
                first = next(pictures, None)
                if first is not None and (stamp := self._time(first)) is not None:
                    time = stamp - self._first_stamp
                    if 0 < time <= seconds - 2 / self.fps:
                        yield first
                        yield from pictures
                        return
        if begun is not None:
            yield from begun
            return
        with open_video(self.path) as video:
            yield from _decode(video)

    def _seek(self, video: OpenVideo, seconds: float) -> Iterator[av.VideoFrame]:
        stamp = round((seconds + self._first_stamp) / float(video.stream.time_base or 1))
        try:
            video.container.seek(stamp, stream=video.stream)
        except (av.FFmpegError, OSError):
            return iter(())
        return _decode(video)

    def _warn_if_short(self, num_read: int, end: int | None) -> None:
        """Add a warning if the file ends early; `num_read` is the frame number after the last frame."""
        expected = 0 if self.frame_count is None else self.frame_count + self._missing
        if end is not None:
            expected = min(expected, end + 1)
        if num_read < 0.98 * expected - 2:
            self.warnings.append(
                f"{self.path}: ends at frame {num_read} of {expected}; the file is damaged, only this part is used"
            )


@dataclass(frozen=True)
class _Decoded:
    position: float  # time, in frames at the constant rate
    picture: Picture


def _decode_and_close(video: OpenVideo, opened: contextlib.ExitStack) -> Iterator[av.VideoFrame]:
    """Decode the whole video, and close it at the end."""
    with opened:
        yield from _decode(video)


def _decode(video: OpenVideo) -> Iterator[av.VideoFrame]:
    """Decode from the current place, in the order of display. Damaged images are left out."""
    video.stream.thread_type = "AUTO"
    packets = video.container.demux(video.stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, OSError):
            return  # the rest of a damaged file cannot be read
        if packet is None:
            return
        try:
            pictures = packet.decode()
        except (av.FFmpegError, OSError):
            continue
        yield from pictures
