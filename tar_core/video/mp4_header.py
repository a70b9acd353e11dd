"""The header of MP4 and QuickTime files, read without FFmpeg, which Blender's Python does not have."""

import os
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tar_core.video.orientation import Orientation

# The end of a track header: a matrix of nine 16.16 fixed-point numbers, and the width and height of the frames.
_HEADER_END = struct.Struct(">9i2I")
_SAMPLE_DESCRIPTION = 86  # bytes before the boxes inside the description of a video codec
_MAX_BOXES = 1000  # that are read in a box, and _MAX_TRACKS in a file: Blender waits for the header
_MAX_TRACKS = 100
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
