"""Progress of a capture, and a progress bar for the command line."""

from dataclasses import dataclass

from tar_core.preview import Preview


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
    """A progress bar on standard error; shown only in a terminal."""

    def __init__(self, name: str, quiet: bool) -> None:
        from tqdm import tqdm

        self._bar = tqdm(desc=name, unit="frame", disable=True if quiet else None)

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, progress: Progress) -> None:
        if progress.done:
            self._bar.total = progress.total
            self._bar.update(progress.done - self._bar.n)
