"""Progress of a capture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Number of frames processed so far in one stage of a capture.

    Attributes:
        stage: "load" (of the networks), then "capture" or "scan" (for people); "camera" follows "capture" if the
            camera moves. "overlay" while an overlay video is written.
        done: processed frames.
        total: frames to process; None if the video file does not give its length.
        fps: frames processed per second so far.
    """

    stage: str
    done: int
    total: int | None
    fps: float
