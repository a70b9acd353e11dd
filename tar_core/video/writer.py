"""Writing of video files."""

from contextlib import AbstractContextManager, ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.reformatter import ColorRange

from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.video.picture import USUAL_COLOR_MATRIX

FORMATS = {".mp4": "mp4", ".mov": "mov", ".avi": "avi"}
QUALITY = {"qmin": "2", "qmax": "4"}  # the quantization of MPEG-4, from 1 (best) to 31
MAX_BIT_RATE = 1_000_000_000  # bits per second; the quality decides
LARGEST_DENOMINATOR = 1001  # of the frame rate, as MPEG-4 counts time in at most 65,535 parts of a second


class VideoWriter(AbstractContextManager["VideoWriter"]):
    """Writes an MPEG-4 video file completely or not at all.

        with VideoWriter("overlay.mp4", fps, width, height) as writer:
            writer.write(image)

    Raises:
        TarError: the file cannot be created, or could not be written completely.
    """

    def __init__(self, path: str | Path, fps: float, width: int, height: int) -> None:
        self.path = Path(path)
        self.fps, self.width, self.height = fps, width, height

    def __enter__(self) -> "VideoWriter":
        check_video_name(self.path)
        with ExitStack() as opened:
            temporary = opened.enter_context(atomic_path(self.path))
            file = opened.enter_context(temporary.open("wb"))
            container = av.open(file, "w", format=FORMATS[self.path.suffix.lower()])
            self._container = opened.enter_context(container)
            self._stream = container.add_stream(
                "mpeg4", rate=Fraction(self.fps).limit_denominator(LARGEST_DENOMINATOR), options=QUALITY
            )
            self._stream.width, self._stream.height, self._stream.pix_fmt = self.width, self.height, "yuv420p"
            self._stream.bit_rate = MAX_BIT_RATE
            self._open = opened.pop_all()
        return self

    def write(self, image: np.ndarray) -> None:
        """Append one frame [height, width, 3] uint8 RGB."""
        if image.shape != (self.height, self.width, 3):
            raise ValueError(f"frame of shape {image.shape}, expected {(self.height, self.width, 3)}")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=USUAL_COLOR_MATRIX,
            dst_color_range=ColorRange.MPEG,
        )
        self._container.mux(self._stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._container.mux(self._stream.encode())
            except OSError as failed:
                error = failed
        self._open.__exit__(
            None if error is None else type(error), error, None if error is None else error.__traceback__
        )


def check_video_name(path: Path) -> None:
    """Raise TarError if `VideoWriter` cannot write a file with this name."""
    if path.suffix.lower() not in FORMATS:
        raise TarError(f"cannot write {path}: give a file name that ends in .mp4")
