"""The header of MP4 and QuickTime files, read without FFmpeg, which Blender's Python does not have."""

import os
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from tar_core.npz import MAX_LENGTH
from tar_core.video.orientation import Orientation

# The end of a track header: a matrix of nine 16.16 fixed-point numbers, and the width and height of the frames.
_HEADER_END = struct.Struct(">9i2I")
_SAMPLE_DESCRIPTION = 86  # bytes before the boxes inside the description of a video codec
_MAX_BOXES = 1000  # that are read in a box, and _MAX_TRACKS in a file: Blender waits for the header
_MAX_TRACKS = 100
_MAX_RUNS = 1_000_000  # of images with the same duration that are read: 8 MB
_TIMES, _LONG_TIMES = struct.Struct(">4I"), struct.Struct(">2QIQ")  # two dates, ticks per second, duration
_EDIT, _LONG_EDIT = struct.Struct(">Ii4x"), struct.Struct(">Qq4x")  # duration, time in the track
_DURATIONS = np.dtype([("count", ">u4"), ("ticks", ">u4")])
_OFFSETS = np.dtype([("count", ">u4"), ("ticks", ">i4")])  # signed in all versions, as files are written
_Box = tuple[int, int]  # where the content of a box begins and ends, bytes


def display_orientation(path: Path) -> Orientation:
    """How players turn and mirror the stored frames of the first video track.

    Returns:
        The plain orientation if the file has no tag, is of another format, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            for _, matrix in _video_tracks(file):
                return Orientation.from_display_matrix(matrix)
    except (OSError, struct.error):
        pass
    return Orientation()


def pixel_aspect(path: Path) -> Fraction | None:
    """Width over height of a stored pixel of the first video track; None if the header does not tell it."""
    try:
        with path.open("rb") as file:
            for begin, end in _sample_descriptions(file):
                for aspect, _ in _boxes(file, b"pasp", begin + _SAMPLE_DESCRIPTION, end):
                    file.seek(aspect)
                    return Fraction(*struct.unpack(">2I", file.read(8)))
    except (OSError, struct.error, ZeroDivisionError):
        pass
    return None


def codec_tag(path: Path) -> str | None:
    """The four letters that name the codec of the first video track; None if they cannot be read."""
    try:
        with path.open("rb") as file:
            for begin, _ in _sample_descriptions(file):
                file.seek(begin + 4)
                return file.read(4).decode("ascii", "replace").strip() or None
    except (OSError, struct.error):
        pass
    return None


class ImageTimes(NamedTuple):
    """When the images of a video are shown, from the first one on.

    Attributes:
        stamps: [N] time stamps in increasing order, seconds.
        tick: resolution of the time stamps, seconds.
        end: of the display of the last image, seconds.
    """

    stamps: np.ndarray
    tick: float
    end: float


def image_times(path: Path) -> ImageTimes | None:
    """The time stamps of the images of the first video track; None if the header does not contain them."""
    try:
        with path.open("rb") as file:
            for track, _ in _video_tracks(file):
                scale, duration = _track_duration(file, track)
                steps = _ticks(file, track, b"stts", _DURATIONS)
                if scale and len(steps):
                    end = min(int(steps.sum()), duration or int(steps.sum()))
                    if end == 0:
                        return None
                    decoded = np.concatenate([[0], np.cumsum(steps[:-1])])
                    offsets = _ticks(file, track, b"ctts", _OFFSETS)
                    if len(offsets) != len(decoded):
                        return ImageTimes(decoded / scale, 1 / scale, end / scale)
                    shown = np.sort(decoded + offsets)
                    shown -= shown[0]
                    end = max(end, int(shown[-1] + steps.min()))
                    return ImageTimes(shown / scale, 1 / scale, end / scale)
    except (OSError, struct.error):
        pass
    return None


def display_offsets(path: Path) -> np.ndarray:
    """How much later than they are decoded the images of the first video track are shown, [N] ticks of its clock.

    Returns:
        An empty array if the header does not tell, as without images that are stored out of order.
    """
    try:
        with path.open("rb") as file:
            for track, _ in _video_tracks(file):
                return _ticks(file, track, b"ctts", _OFFSETS)
    except (OSError, struct.error):
        pass
    return np.empty(0, np.int64)


def sound_delay(path: Path) -> float | None:
    """Seconds from the first image of a video to its sound; None if the header does not tell of a sound track."""
    starts: dict[bytes, float] = {}
    try:
        with path.open("rb") as file:
            whole = 0, file.seek(0, os.SEEK_END)
            for track in islice(_boxes_within(file, whole, b"moov", b"trak"), _MAX_TRACKS):
                kind = _handler(file, track)
                if kind in (b"vide", b"soun") and kind not in starts:
                    starts[kind] = _track_start(file, whole, track)
    except (OSError, struct.error, ZeroDivisionError):
        pass
    return starts[b"soun"] - starts.get(b"vide", starts[b"soun"]) if b"soun" in starts else None


def _handler(file: BinaryIO, track: _Box) -> bytes:
    """The kind of a track: vide, soun or another."""
    for begin, _ in _boxes_within(file, track, b"mdia", b"hdlr"):
        file.seek(begin + 8)
        return file.read(4)
    return b""


def _track_start(file: BinaryIO, whole: _Box, track: _Box) -> float:
    """When the first image or sound of a track is presented, seconds."""
    first, pause, skipped = 0.0, 0.0, 0.0
    scale, _ = _track_duration(file, track)
    for begin, _ in _boxes_within(file, track, b"mdia", b"minf", b"stbl", b"ctts"):
        file.seek(begin + 12)  # after version, flags, number of runs, and the length of the first one
        first = struct.unpack(">i", file.read(4))[0] / scale
    for begin, _ in _boxes_within(file, track, b"edts", b"elst"):
        file.seek(begin)
        edit = _LONG_EDIT if file.read(1) == b"\1" else _EDIT
        file.seek(begin + 4)
        (count,) = struct.unpack(">I", file.read(4))
        for _ in range(min(count, _MAX_BOXES)):
            duration, time = edit.unpack(file.read(edit.size))
            if time >= 0:
                skipped = time / scale
                break
            pause += duration / _movie_scale(file, whole)
    return pause + max(first - skipped, 0.0)


def _movie_scale(file: BinaryIO, whole: _Box) -> int:
    """Ticks per second of the movie's own times; 0 if unknown."""
    place = file.tell()
    for begin, _ in _boxes_within(file, whole, b"moov", b"mvhd"):
        file.seek(begin)
        header = _LONG_TIMES if file.read(1) == b"\1" else _TIMES
        file.seek(begin + 4)
        scale = header.unpack(file.read(header.size))[2]
        file.seek(place)
        return int(scale)
    return 0


def _track_duration(file: BinaryIO, track: _Box) -> tuple[int, int]:
    """Ticks per second of a track and its duration in ticks; 0 for what is unknown."""
    for begin, _ in _boxes_within(file, track, b"mdia", b"mdhd"):
        file.seek(begin)
        header = _LONG_TIMES if file.read(1) == b"\1" else _TIMES
        file.seek(begin + 4)
        _, _, scale, duration = header.unpack(file.read(header.size))
        return scale, duration
    return 0, 0


def _ticks(file: BinaryIO, track: _Box, kind: bytes, run: np.dtype) -> np.ndarray:
    """The value [N] of each image of a track in a box of runs of images; empty if there is none or it is too long."""
    for begin, end in _boxes_within(file, track, b"mdia", b"minf", b"stbl", kind):
        file.seek(begin + 8)  # after version, flags and number of runs
        count = min((end - begin - 8) // run.itemsize, _MAX_RUNS)
        content = file.read(count * run.itemsize)
        runs = np.frombuffer(content[: len(content) // run.itemsize * run.itemsize], run)
        if runs["count"].sum(dtype=np.uint64) <= MAX_LENGTH:
            return np.repeat(runs["ticks"].astype(np.int64), runs["count"])
    return np.empty(0, np.int64)


def _sample_descriptions(file: BinaryIO) -> Iterator[_Box]:
    """Yield where the first description of the codec begins and ends, for each video track."""
    for track, _ in _video_tracks(file):
        for begin, end in _boxes_within(file, track, b"mdia", b"minf", b"stbl", b"stsd"):
            yield begin + 8, end  # after version, flags and number of descriptions


def _video_tracks(file: BinaryIO) -> Iterator[tuple[_Box, tuple[int, ...]]]:
    """Yield the box and the display matrix of each video track."""
    whole = 0, file.seek(0, os.SEEK_END)
    for track in islice(_boxes_within(file, whole, b"moov", b"trak"), _MAX_TRACKS):
        for begin, end in _boxes(file, b"tkhd", *track):
            file.seek(max(begin, end - _HEADER_END.size))
            *matrix, width, _ = _HEADER_END.unpack(file.read(_HEADER_END.size))
            if width > 0:  # it is 0 for audio tracks
                yield track, tuple(matrix)


def _boxes_within(file: BinaryIO, box: _Box, *kinds: bytes) -> Iterator[_Box]:
    """Yield the boxes that are reached through boxes of the given types, from the outermost to the innermost."""
    for inner in _boxes(file, kinds[0], *box):
        if len(kinds) == 1:
            yield inner
        else:
            yield from _boxes_within(file, inner, *kinds[1:])


def _boxes(file: BinaryIO, wanted: bytes, begin: int, end: int) -> Iterator[_Box]:
    """Yield the content of each box of type `wanted` among the first _MAX_BOXES boxes from `begin` to `end`."""
    for _ in range(_MAX_BOXES):
        if begin + 8 > end:
            return
        file.seek(begin)
        size, kind = struct.unpack(">I4s", file.read(8))
        content = begin + 8
        if size == 1:  # the size follows the type, in eight bytes
            (size,) = struct.unpack(">Q", file.read(8))
            content += 8
        if size == 0:  # the last box, up to the end of the file
            size = end - begin
        if size < 8:
            return
        if kind == wanted:
            yield content, min(begin + size, end)
        begin += size
