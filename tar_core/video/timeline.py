"""The times of all images of a video file, and the constant frame rate at which it is read."""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import av
import numpy as np

from tar_core.video.container import OpenVideo

STANDARD_RATES = (15, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 100, 120000 / 1001, 120, 240)
RATE_TOLERANCE = 0.03  # relative difference up to which a rate is taken for a standard one
TIME_STAMP_TOLERANCE = 0.0015  # seconds; some containers round time stamps to milliseconds
FAST_SHARE = 0.25  # of the images that must be so fast for the rate to be as high
SIMILAR = 0.25  # relative difference up to which a step is taken for an ordinary one; cameras are not exact
LONGEST_FRAME = 60.0  # seconds; a longer gap between time stamps is a splice, not one frame shown that long
DEFAULT_RATE = 30.0  # of files that tell nothing about time
_REORDERED = 16  # images; codecs store an image at most this far from its place


@dataclass(frozen=True)
class Timeline:
    """The times of a file's images.

    Attributes:
        fps: the constant rate.
        frame_count: number of frames at this rate; None if the file has no time stamps.
        missing: seconds at the end that the file announces, but does not contain.
    """

    fps: float
    frame_count: int | None
    missing: float = 0.0


def read_timeline(video: OpenVideo) -> Timeline:
    """Read the time stamps of the whole file, without decoding it.

    They are in the index of MP4 and AVI files; other files are read from the current place to the end.
    """
    stream = video.stream
    second = float(stream.time_base or 1)
    stamps = _indexed_stamps(video)
    end = None
    if stamps is None:
        stamps, end = _stored_stamps(video)
    times = np.array(stamps) * second
    rates = [float(rate) for rate in (stream.guessed_rate, stream.average_rate) if rate]
    fps = nominal_fps(rates, times, second)
    if len(times) == 0:
        return Timeline(fps, None)
    steps = np.diff(times)
    length = float(np.where((steps > 0) & (steps <= LONGEST_FRAME), steps, 1 / fps).sum()) + 1 / fps
    if end is not None:
        announced = (video.container.duration or 0) / av.time_base
        return Timeline(fps, round(length * fps), max(announced - max(end, length), 0.0))
    if stream.duration:  # an index has the times of decoding, whose ends are further apart than those of display
        length = min(length, stream.duration * second)
    return Timeline(fps, max(round(length * fps), 1))


def nominal_fps(stated: Iterable[float], stamps: np.ndarray, tick: float = 0.0) -> float:
    """Determine the constant frame rate for a video.

    It is that of the fastest part that has a quarter of the images, so that few are left out. If a rate that the
    container states is near, it is taken as it is, otherwise the nearest standard rate (24, 25, 29.97, 30, ...), if one
    is near.

    Args:
        stated: rates given by the container, the most reliable first; for a variable rate, they are some averages.
        stamps: [N] time stamps of the images, seconds.
        tick: resolution of the time stamps, seconds.
    """
    stated = [rate for rate in stated if rate > 0]
    steps = np.diff(stamps)
    steps = steps[(steps > 0) & (steps <= LONGEST_FRAME)]
    if len(steps) == 0:
        return stated[0] if stated else DEFAULT_RATE
    step = float(np.quantile(steps, FAST_SHARE, method="lower"))  # a value that occurs, not the mean of two
    # A single one of rounded time stamps is coarse; the mean of all similar steps is more precise.
    rounding = max(TIME_STAMP_TOLERANCE, min(1.01 * tick, step / 2))
    rate = 1 / float(steps[np.abs(steps - step) <= max(rounding, SIMILAR * step)].mean())
    for candidate in stated:
        if abs(candidate - rate) <= RATE_TOLERANCE * rate:
            return candidate
    standard = min(STANDARD_RATES, key=lambda candidate: abs(candidate - rate))
    return standard if abs(standard - rate) <= RATE_TOLERANCE * rate else rate


def _indexed_stamps(video: OpenVideo) -> list[int] | None:
    """Time stamps in the file's index, in the order of decoding; None if it has none or an incomplete one."""
    entries = video.stream.index_entries
    if not 0 < video.stream.frames <= len(entries):
        return None
    return [entry.timestamp for entry in entries if not entry.is_discard]


def _stored_stamps(video: OpenVideo) -> tuple[list[int], float | None]:
    """Time stamps of the stored images in the order of display, and the end of all streams, seconds."""
    stamps: list[int] = []
    end = 0.0

    def stamps_of_images() -> Iterator[int]:
        nonlocal end
        for packet in video.container.demux():
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None or packet.time_base is None:
                continue
            end = max(end, float((stamp + (packet.duration or 0)) * packet.time_base))
            if packet.stream.index == video.stream.index and not packet.is_discard:
                yield stamp

    with suppress(av.FFmpegError, OSError):  # a damaged file is read as far as possible
        stamps.extend(_in_order(stamps_of_images()))
    return stamps, end


def _in_order(stamps: Iterable[int]) -> Iterator[int]:
    """Sort time stamps that are at most `_REORDERED` places away from where they belong."""
    waiting: list[int] = []
    for stamp in stamps:
        if len(waiting) < _REORDERED:
            heapq.heappush(waiting, stamp)
        else:
            yield heapq.heappushpop(waiting, stamp)
    yield from sorted(waiting)
