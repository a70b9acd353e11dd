"""The times of all images of a video file."""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tar_core.video.container import OpenVideo
from tar_core.video.mp4_header import display_offsets
from tar_core.video.nominal_rate import is_splice, nominal_fps, shown_seconds

_REORDERED = 16  # images; codecs store an image at most this far from its place


@dataclass(frozen=True)
class Timeline:
    """The times of a file's images.

    Attributes:
        fps: the constant rate.
        frame_count: number of frames at this rate; None if the file has no time stamps.
        missing: seconds at the end that the file announces, but does not contain.
        is_joined: time stamps jump, as in files that were joined, so that no place can be found by its time.
        is_indexed: the times are from the file's index, so nothing else of the file was read.
    """

    fps: float
    frame_count: int | None
    missing: float = 0.0
    is_joined: bool = False
    is_indexed: bool = False


def read_timeline(video: OpenVideo, path: Path) -> Timeline:
    """Read the time stamps of the whole file, without decoding it.

    They are in the index of MP4 and AVI files; other files are read from the current place to the end.
    """
    stream = video.stream
    second = float(stream.time_base or 1)
    # An index has the times of decoding.
    offsets = display_offsets(path)
    are_shown = len(offsets) == len(stream.index_entries)
    stamps = _indexed_stamps(video, offsets.tolist() if are_shown else None)
    end = None
    if stamps is None:
        stamps, end = _stored_stamps(video)
    times = np.array(stamps) * second
    rates = [float(rate) for rate in (stream.guessed_rate, stream.average_rate) if rate]
    fps = nominal_fps(rates, times, second)
    if len(times) == 0:
        return Timeline(fps, None)
    length = shown_seconds(times, fps)
    if end is not None:
        announced = (video.container.duration or 0) / av.time_base
        missing = max(announced - max(end, length), 0.0)
        return Timeline(fps, round(length * fps), missing, bool(is_splice(np.diff(times)).any()))
    if stream.duration and not are_shown:  # the ends of decoding are further apart than those of display
        length = min(length, stream.duration * second)
    return Timeline(fps, max(round(length * fps), 1), is_indexed=True)


def _indexed_stamps(video: OpenVideo, offsets: list[int] | None) -> list[int] | None:
    """Time stamps in the file's index, in increasing order; None if it has none or an incomplete one.

    Args:
        video: the open file.
        offsets: how much later than they are decoded the images are shown; None for the times of decoding.
    """
    entries = video.stream.index_entries
    if not 0 < video.stream.frames <= len(entries):
        return None
    pairs = zip(entries, offsets or [0] * len(entries), strict=True)
    return sorted(entry.timestamp + offset for entry, offset in pairs if not entry.is_discard)


def _stored_stamps(video: OpenVideo) -> tuple[list[int], float | None]:
    """Time stamps of the stored images in the order of display, and the end of all streams, seconds.

    Images before the first key frame cannot be decoded: recordings of broadcasts begin anywhere.
    """
    stamps: list[int] = []
    end, started = 0.0, False

    def stamps_of_images() -> Iterator[int]:
        nonlocal end, started
        for packet in video.container.demux():
            is_image = packet.stream.index == video.stream.index and not packet.is_discard
            started = started or (is_image and packet.is_keyframe)
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None or packet.time_base is None:
                continue
            end = max(end, float((stamp + (packet.duration or 0)) * packet.time_base))
            if is_image and started:
                yield stamp

    with suppress(av.FFmpegError, OSError):  # a damaged file is read as far as possible
        stamps.extend(_in_order(stamps_of_images()))
    return stamps, end


def _in_order(stamps: Iterable[int]) -> Iterator[int]:
    """Sort time stamps that are at most `_REORDERED` places away from where they belong.

    Where they start again, as in files that were joined, those before stay before.
    """
    waiting: list[int] = []
    last: int | None = None
    for stamp in stamps:
        if last is not None and stamp < last:
            yield from sorted(waiting)
            waiting, last = [], None
        if len(waiting) < _REORDERED:
            heapq.heappush(waiting, stamp)
        else:
            last = heapq.heappushpop(waiting, stamp)
            yield last
    yield from sorted(waiting)
