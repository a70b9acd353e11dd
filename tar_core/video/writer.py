"""Writing of video files."""

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.video.reader import count_frames


class VideoWriter(AbstractContextManager["VideoWriter"]):
    """Writes an MPEG-4 video file completely or not at all.

        with VideoWriter("overlay.mp4", fps, width, height) as writer:
            writer.write(image)

    Raises:
        TarError: the file cannot be created, or, at the end of the block, could not be written completely.
    """

    def __init__(self, path: str | Path, fps: float, width: int, height: int) -> None:
        self.path = Path(path)
        self.fps, self.width, self.height = fps, width, height
        self.written = 0

    def __enter__(self) -> "VideoWriter":
        check_video_name(self.path)
        self._file = atomic_path(self.path)
        self._temporary = self._file.__enter__()
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(self._temporary), cv2.CAP_FFMPEG, codec, self.fps, (self.width, self.height))
        if not self._writer.isOpened():
            self._close(OSError(f"no MPEG-4 encoder for {self.width}x{self.height} at {self.fps:g} fps"))
        return self

    def write(self, image: np.ndarray) -> None:
        """Append one frame [height, width, 3] uint8 RGB."""
        if image.shape != (self.height, self.width, 3):
            raise ValueError(f"frame of shape {image.shape}, expected {(self.height, self.width, 3)}")
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        self.written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.release()
        # OpenCV does not report a full disk, but then frames or the end of the file are missing.
        if error is None and self.written and count_frames(self._temporary) < self.written:
            error = OSError("the video could not be written completely (is the disk full?)")
        self._close(error)

    def _close(self, error: BaseException | None) -> None:
        if error is None:
            self._file.__exit__(None, None, None)
        else:
            self._file.__exit__(type(error), error, error.__traceback__)


def check_video_name(path: Path) -> None:
    """Raise TarError if `VideoWriter` cannot write a file with this name."""
    if path.suffix.lower() not in (".mp4", ".mov", ".avi"):
        raise TarError(f"cannot write {path}: give a file name that ends in .mp4")
