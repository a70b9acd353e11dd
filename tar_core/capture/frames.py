"""The frames that a capture reads and processes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tar_core.capture.progress import Progress
from tar_core.errors import TarError
from tar_core.options import CaptureOptions
from tar_core.runtime.streaming import frame_step
from tar_core.video.cuts import mark_cuts
from tar_core.video.prefetch import prefetch
from tar_core.video.reader import VideoFrame, VideoReader

Item = TypeVar("Item")


class NoFrameError(TarError):
    """A video ends before the range to capture."""

    def __init__(self, video: Path, first: int) -> None:
        super().__init__(f"{video}: the video has no frame {first}; choose an earlier start")


def sampling_step(options: CaptureOptions, fps: float) -> int:
    """Number of frames from one processed frame of the video to the next; the frames between are interpolated."""
    return 1 if options.every_frame else frame_step(fps)


def in_video_frames(options: CaptureOptions, fps: float) -> CaptureOptions:
    """The options with frames counted by the frame rate of the video."""
    if options.counted_fps is None:
        return options
    ratio = fps / options.counted_fps
    return replace(
        options,
        start=round(options.start * ratio),
        end=None if options.end is None else round(options.end * ratio),
        box=None if options.box is None else replace(options.box, frame=round(options.box.frame * ratio)),
        counted_fps=None,
    )


def read_frames(
    reader: VideoReader, options: CaptureOptions, report: Callable[[Progress], None], stage: str
) -> Iterator[VideoFrame]:
    """Read all frames of the range to capture, and report the progress after each.

    Args:
        reader: the video.
        options: give the range.
        report: called after the consumer has processed a frame.
        stage: stage of the reported progress.

    Raises:
        TarError: the video ends before the range.
    """
    frames = reader.frames(options.first_frame, options.end)
    return _read_ahead(frames, reader, options, report, stage)


def read_marked_frames(
    reader: VideoReader,
    options: CaptureOptions,
    report: Callable[[Progress], None],
    stage: str,
    converted_step: int | None = None,
) -> Iterator[tuple[VideoFrame, bool]]:
    """Read frames as `read_frames` does, each with whether it is the first one of another shot.

    Args:
        converted_step: convert every so many frames of a shot to RGB while the consumer works; None for no frames. The
            others are converted when their image is used.
    """
    marked = mark_cuts(reader.frames(options.first_frame, options.end))
    if converted_step is not None:
        marked = _converted(marked, converted_step)
    return _read_ahead(marked, reader, options, report, stage)


def _converted(marked: Iterator[tuple[VideoFrame, bool]], step: int) -> Iterator[tuple[VideoFrame, bool]]:
    first = None
    for frame, is_cut in marked:
        if first is None or is_cut:
            first = frame.index
        if (frame.index - first) % step == 0:
            _ = frame.image
        yield frame, is_cut


def _read_ahead(
    items: Iterator[Item],
    reader: VideoReader,
    options: CaptureOptions,
    report: Callable[[Progress], None],
    stage: str,
) -> Iterator[Item]:
    """Produce one item for each frame in a separate thread, and report the progress."""
    total = reader.frames_in(options.first_frame, options.end)
    start_time, done = time.monotonic(), 0
    for item in prefetch(items):
        yield item
        done += 1
        report(Progress(stage, done, total, done / max(time.monotonic() - start_time, 1e-6)))
    if done == 0:
        raise NoFrameError(reader.path, options.first_frame)
