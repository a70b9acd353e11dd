"""Progress of a capture, and a line that shows it on the command line."""

import sys
import time
from dataclasses import dataclass

from tar_core.preview import Preview

TERMINAL_INTERVAL = 0.2  # seconds between changes of the line
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


class ProgressLine:
    """A line on standard error that changes; lines from time to time if that is not a terminal."""

    def __init__(self, name: str, quiet: bool) -> None:
        self._name, self._quiet = name, quiet
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._interval = TERMINAL_INTERVAL if self._is_terminal else LINE_INTERVAL
        self._next = time.monotonic() + self._interval
        self._shown = 0  # characters of the line

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print(file=sys.stderr)

    def update(self, progress: Progress) -> None:
        if self._quiet or not progress.done or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._interval
        total = "" if progress.total is None else f" of {progress.total}"
        text = f"{self._name}: {progress.done}{total} frames, {progress.fps:.1f} per second"
        if self._is_terminal:
            print(f"\r{text:{self._shown}}", end="", file=sys.stderr, flush=True)
            self._shown = len(text)
        else:
            print(text, file=sys.stderr)
