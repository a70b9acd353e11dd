"""Reading of video files as a stream of frames at a constant rate."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Silence FFmpeg's messages, as the user gets one line with the error. FFmpeg reads this with the first video.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2
import numpy as np

from tar_core.errors import TarError
from tar_core.files import check_video_file

PROBED_FRAMES = 20  # number of frames whose time stamps determine the frame rate
STANDARD_RATES = (15, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 100, 120000 / 1001, 120, 240)
RATE_TOLERANCE = 0.03  # relative difference up to which a rate is taken for a standard one
TIME_STAMP_TOLERANCE = 0.0015  # seconds; some containers round time stamps to milliseconds
SEEK_BEYOND = 5.0  # seconds; a later start is reached by seeking, an earlier one by decoding all frames before it
LONGEST_FRAME = 60.0  # seconds; a longer gap between time stamps is a splice, not one frame shown that long


@dataclass(frozen=True)
class VideoFrame:
    """One frame at the constant rate.

    Attributes:
        index: 0-based frame number; the frame's time is `index / fps`.
        time: time of the image in the file, seconds since the first one.
        image: [H, W, 3] uint8 RGB, upright according to the file's rotation tag. Read-only: if the file has fewer
            images than the constant rate needs, consecutive frames share one.
    """

    index: int
    time: float
    image: np.ndarray


class VideoReader:
    """Size, frame rate and frames of a video file.

    Phones record at a variable frame rate. Motion needs constant time steps, so frames are resampled to the nominal
    frame rate: frame k is the image whose time stamp is nearest to k / fps. For a file with a constant rate, these are
    all its images. The nominal rate is that of the container, unless the median distance of the first time stamps
    differs; then it is the standard rate (24, 25, 29.97, 30, ...) nearest to the median.

    Args:
        path: the file.

    Attributes:
        path: the file.
        width, height: displayed size in pixels (after the rotation tag is applied).
        fps: constant frame rate.
        frame_count: number of frames according to the container; an estimate, None if the container does not give it.
        warnings: messages for the user, added while reading (such as a damaged file).

    Raises:
        TarError: the file does not exist, is not a video, or no frame can be decoded.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.warnings: list[str] = []
        _check_is_binary_file(self.path)
        capture = _open(self.path)
        try:
            decoded, image = capture.read()
            if not decoded:
                raise TarError(f"{self.path}: no frame can be decoded; the file is empty or damaged, convert it again")
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
                    yield VideoFrame(index, shown.position / self.fps, shown.image)
                    index += 1
            shown = following
        while shown is not None and index <= shown.position + 0.5 and (end is None or index <= end):
            yield VideoFrame(index, shown.position / self.fps, shown.image)
            index += 1
        self._warn_if_short(index, end)

    def _decode_from(self, start: int) -> Iterator["_Decoded"]:
        """Decode the images of the file, beginning at frame `start` or earlier."""
        capture = self._open_near(start)
        last = -1.0
        splice = 0.0  # frames added by jumps of the time stamps
        try:
            while capture.grab():
                position = (_time_stamp(capture) - self._first_stamp) * self.fps - splice
                if position <= last:  # the file has no time stamps, or wrong ones
                    position = last + 1
                elif last >= 0 and position - last > LONGEST_FRAME * self.fps:
                    splice += position - last - 1
                    position = last + 1
                last = position
                if position < start - 1.5:
                    continue  # the next image is nearer to the first wanted frame
                retrieved, image = capture.retrieve()
                if not retrieved:
                    break
                yield _Decoded(position, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        finally:
            capture.release()

    def _open_near(self, start: int) -> cv2.VideoCapture:
        """Open the file and seek to shortly before frame `start`, if it is far away and seeking works in this file."""
        capture = _open(self.path)
        if start / self.fps <= SEEK_BEYOND:
            return capture
        target = start / self.fps - 1.0
        capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * target)
        if capture.grab() and 0 < _time_stamp(capture) - self._first_stamp <= start / self.fps - 2 / self.fps:
            return capture
        capture.release()
        return _open(self.path)

    def _warn_if_short(self, num_read: int, end: int | None) -> None:
        """Add a warning if the file ends early; `num_read` is the frame number after the last frame."""
        expected = self.frame_count if self.frame_count is not None else 0
        if end is not None:
            expected = min(expected, end + 1)
        if num_read < 0.98 * expected - 2:
            self.warnings.append(
                f"{self.path}: ends at frame {num_read} of {expected}; the file is damaged, only this part is used"
            )


@dataclass(frozen=True)
class _Decoded:
    position: float  # time, in frames at the constant rate
    image: np.ndarray


def nominal_fps(container_fps: float, stamps: np.ndarray) -> float:
    """Determine the constant frame rate for a video.

    Args:
        container_fps: rate given by the container, which is some average for a variable rate; 0 if it is missing.
        stamps: [N] time stamps of the first images, seconds.
    """
    steps = np.diff(stamps)
    steps = steps[steps > 0]
    if len(steps) == 0:
        return container_fps if container_fps > 0 else 30.0
    step = float(np.quantile(steps, 0.5, method="lower"))  # a value that occurs, not the mean of two
    if container_fps > 0 and abs(step - 1 / container_fps) <= max(TIME_STAMP_TOLERANCE, RATE_TOLERANCE * step):
        return container_fps
    # The median of rounded time stamps is coarse; the mean of all similar steps is more precise.
    similar = steps[np.abs(steps - step) <= max(TIME_STAMP_TOLERANCE, 0.1 * step)]
    rate = 1 / float(similar.mean())
    standard = min(STANDARD_RATES, key=lambda candidate: abs(candidate - rate))
    return standard if abs(standard - rate) <= RATE_TOLERANCE * rate else rate


def _check_is_binary_file(path: Path) -> None:
    """Reject text files, which FFmpeg would decode as a video of their letters."""
    check_video_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise TarError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if not head:
        raise TarError(f"{path}: the file is empty; copy or record it again")
    if b"\0" not in head and head.isascii():
        raise TarError(f"{path}: not a video; give a file such as .mp4, .mov, .mkv or .avi")


def _open(path: Path) -> cv2.VideoCapture:
    logging = getattr(cv2.utils, "logging", cv2)  # its module in OpenCV 5
    level = logging.getLogLevel()
    logging.setLogLevel(0)
    try:
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        logging.setLogLevel(level)
    if not capture.isOpened():
        capture.release()
        raise TarError(f"{path}: not a video that FFmpeg can read, or an incomplete copy; convert it to .mp4")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def _time_stamp(capture: cv2.VideoCapture) -> float:
    """Time stamp of the last grabbed image, seconds."""
    return capture.get(cv2.CAP_PROP_POS_MSEC) / 1000


def count_frames(path: Path) -> int:
    """Number of frames according to the container; 0 if the file cannot be opened."""
    try:
        capture = _open(path)
    except TarError:
        return 0
    try:
        return int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        capture.release()
