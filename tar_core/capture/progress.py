"""Progress of a capture, and a progress bar for the command line."""

import sys
import time
from dataclasses import dataclass

from tar_core.preview import Preview

LINE_INTERVAL = 30.0  # seconds between the lines if standard error is not a terminal


@dataclass(frozen=True)
class Progress:
    """Number of frames processed so far in one stage of a capture.

    Attributes:
        stage: "load" (of the networks), then "capture" or "scan" (for people); "camera" follows "capture" if the
            camera moves. "overlay" while an overlay video is written.
        done: processed frames.
        total: frames to process; None if the video file does not give its length.
        fps: frames processed per second so far.
        preview: the people in the most recently processed frame; None except in the stage "capture".
    """

    stage: str
    done: int
    total: int | None
    fps: float
    preview: Preview | None = None


class ProgressBar:
    """A progress bar on standard error; lines from time to time if that is not a terminal."""

    def __init__(self, name: str, quiet: bool) -> None:
        from tqdm import tqdm

        is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._bar = tqdm(desc=name, unit="frame", disable=quiet or not is_terminal)
        self._name, self._prints_lines = name, not (quiet or is_terminal)
        self._next_line = time.monotonic() + LINE_INTERVAL

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, progress: Progress) -> None:
        if not progress.done:
            return
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)
        if self._prints_lines and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_INTERVAL
            total = "" if progress.total is None else f" of {progress.total}"
            print(f"{self._name}: {progress.done}{total} frames, {progress.fps:.1f} per second", file=sys.stderr)
