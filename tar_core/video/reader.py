"""Frames of a video file, streamed onto a constant grid of times, and the writing of overlay videos."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# FFmpeg's own complaints would stand beside the one line that a user should read. It looks here at its first video.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2
import numpy as np

from tar_core.errors import TarError
from tar_core.files import check_video_file

PROBED_FRAMES = 20  # whose time stamps decide about the frame rate
STANDARD_RATES = (15, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 100, 120000 / 1001, 120, 240)
RATE_TOLERANCE = 0.03  # of a rate, within which it is taken for a standard one
STAMP_QUANTUM = 0.0015  # seconds; some containers round time stamps to a millisecond
SEEK_BEYOND = 5.0  # seconds; a later start is reached by seeking, an earlier one by decoding up to it
LONGEST_HOLD = 60.0  # seconds; a longer jump of the time stamps is a splice, not one picture shown that long


@dataclass(frozen=True)
class VideoFrame:
    """One frame of the constant grid.

    Attributes:
        index: 0-based number on the grid; `index / fps` is its time.
        time: seconds since the first frame, of the decoded picture that is shown here.
        image: [H, W, 3] uint8 RGB, turned upright by the file's rotation tag. Do not write into it: when the file
            holds fewer pictures than the grid, neighbors share one.
    """

    index: int
    time: float
    image: np.ndarray


class VideoReader:
    """A video file's size and rate, and its frames in one pass.

    Phones record at a rate that varies. Motion needs equal steps, so the frames come on a constant grid at the
    nominal rate: grid time k / fps shows the decoded picture with the nearest time stamp. A file of constant rate
    gives each of its pictures exactly once. The nominal rate is the container's, unless the median distance of the
    first time stamps says otherwise; then it is that median's (its standard neighbor: 24, 25, 29.97, 30, ...).

    Attributes:
        path: the file.
        width, height: pixels as shown, after the rotation tag.
        fps: the grid's rate.
        frame_count: how many grid frames the container promises; an estimate, None if it promises nothing.
        warnings: lines for the user, filled while reading (a file that breaks off early).
    """

    def __init__(self, path: str | Path) -> None:
        """Opens the file and looks at its first frames.

        Raises:
            TarError: no such file, not a video, or no frame can be decoded.
        """
        self.path = Path(path)
        self.warnings: list[str] = []
        _check_is_binary_file(self.path)
        capture = _open(self.path)
        try:
            decoded, image = capture.read()
            if not decoded:
                raise TarError(f"{self.path}: no frame can be decoded; the file is empty or damaged, convert it anew")
            self.height, self.width = image.shape[:2]
            stamps = [_time_stamp(capture)]
            while len(stamps) < PROBED_FRAMES and capture.grab():
                stamps.append(_time_stamp(capture))
            container_fps = capture.get(cv2.CAP_PROP_FPS)
            container_count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        finally:
            capture.release()
        self._first_stamp = stamps[0]
        self.fps = nominal_fps(container_fps, np.array(stamps))
        self.frame_count: int | None = None
        if container_count >= 1 and container_fps > 0:
            self.frame_count = max(1, round(container_count / container_fps * self.fps))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width, self.height

    def frames_in(self, start: int = 0, end: int | None = None) -> int | None:
        """How many frames `frames(start, end)` will give; an estimate like `frame_count`."""
        last = end
        if self.frame_count is not None:
            last = self.frame_count - 1 if end is None else min(end, self.frame_count - 1)
        return None if last is None else max(last - start + 1, 0)

    def frames(self, start: int = 0, end: int | None = None) -> Iterator[VideoFrame]:
        """Streams grid frames start..end (end included; None: to the file's end)."""
        shown: _Decoded | None = None
        index = start
        for picture in self._decode_from(start):
            if shown is not None:
                while index - shown.position <= picture.position - index:
                    if end is not None and index > end:
                        return
                    yield VideoFrame(index, shown.position / self.fps, shown.image)
                    index += 1
            shown = picture
        while shown is not None and index <= shown.position + 0.5 and (end is None or index <= end):
            yield VideoFrame(index, shown.position / self.fps, shown.image)
            index += 1
        self._warn_if_short(index, end)

    def _decode_from(self, start: int) -> Iterator["_Decoded"]:
        """Decoded pictures with their places on the grid, beginning not later than grid frame `start`."""
        capture = self._open_near(start)
        last = -1.0
        splice = 0.0  # what jumps of the time stamps added
        try:
            while capture.grab():
                position = (_time_stamp(capture) - self._first_stamp) * self.fps - splice
                if position <= last:  # no time stamps in this file, or broken ones
                    position = last + 1
                elif last >= 0 and position - last > LONGEST_HOLD * self.fps:
                    splice += position - last - 1
                    position = last + 1
                last = position
                if position < start - 1.5:
                    continue  # its successor is nearer to the first wanted frame
                retrieved, image = capture.retrieve()
                if not retrieved:
                    break
                yield _Decoded(position, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        finally:
            capture.release()

    def _open_near(self, start: int) -> cv2.VideoCapture:
        """The opened file, moved to shortly before `start` if that is far away and the file seeks truly."""
        capture = _open(self.path)
        if start / self.fps <= SEEK_BEYOND:
            return capture
        target = start / self.fps - 1.0
        capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * target)
        if capture.grab() and 0 < _time_stamp(capture) - self._first_stamp <= start / self.fps - 2 / self.fps:
            return capture
        capture.release()
        return _open(self.path)

    def _warn_if_short(self, delivered: int, end: int | None) -> None:
        """`delivered`: the number of the grid frame after the last one."""
        wanted = self.frame_count if self.frame_count is not None else 0
        if end is not None:
            wanted = min(wanted, end + 1)
        if delivered < 0.98 * wanted - 2:
            self.warnings.append(f"{self.path}: breaks off at frame {delivered} of {wanted}; the file is damaged there")


@dataclass(frozen=True)
class _Decoded:
    position: float  # on the grid, in frames
    image: np.ndarray


def nominal_fps(container_fps: float, stamps: np.ndarray) -> float:
    """The rate of the constant grid.

    Args:
        container_fps: what the file claims (for a variable rate: some average); 0 if nothing.
        stamps: [N] time stamps of the first pictures, seconds.
    """
    steps = np.diff(stamps)
    steps = steps[steps > 0]
    if len(steps) == 0:
        return container_fps if container_fps > 0 else 30.0
    step = float(np.quantile(steps, 0.5, method="lower"))  # one of them, never the middle between two
    if container_fps > 0 and abs(step - 1 / container_fps) <= max(STAMP_QUANTUM, RATE_TOLERANCE * step):
        return container_fps
    # A median of rounded stamps is coarse; the mean of the steps like it is finer.
    alike = steps[np.abs(steps - step) <= max(STAMP_QUANTUM, 0.1 * step)]
    rate = 1 / float(alike.mean())
    standard = min(STANDARD_RATES, key=lambda candidate: abs(candidate - rate))
    return standard if abs(standard - rate) <= RATE_TOLERANCE * rate else rate


def _check_is_binary_file(path: Path) -> None:
    """FFmpeg would show a text file as a film of its letters, so text is refused here."""
    check_video_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise TarError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if not head:
        raise TarError(f"{path}: the file is empty; copy or record it anew")
    if b"\0" not in head and head.isascii():
        raise TarError(f"{path}: not a video; give a file such as .mp4, .mov, .mkv or .avi")


def _open(path: Path) -> cv2.VideoCapture:
    logging = getattr(cv2.utils, "logging", cv2)  # OpenCV 5 keeps it there
    level = logging.getLogLevel()
    logging.setLogLevel(0)
    try:
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        logging.setLogLevel(level)
    if not capture.isOpened():
        capture.release()
        raise TarError(f"{path}: not a video that FFmpeg can read (or cut off while copying); convert it to .mp4")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def _time_stamp(capture: cv2.VideoCapture) -> float:
    """Seconds, of the picture grabbed last."""
    return capture.get(cv2.CAP_PROP_POS_MSEC) / 1000


def count_frames(path: Path) -> int:
    """What the container says; 0 if it cannot be opened."""
    try:
        capture = _open(path)
    except TarError:
        return 0
    try:
        return int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        capture.release()
