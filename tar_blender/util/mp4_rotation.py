"""The rotation tag of MP4 and QuickTime files, which phones write to record how they were held."""

import os
import struct
from collections.abc import Iterator
from math import atan2, degrees
from pathlib import Path
from typing import BinaryIO

# The end of a track header: a matrix of nine 16.16 fixed-point numbers, and the width and height of the frames.
_HEADER_END = struct.Struct(">9i2I")


def rotation_tag(path: Path) -> int:
    """Read by how many degrees the stored frames must be rotated counterclockwise to be upright.

    Returns:
        0, 90, 180 or 270; 0 if the file has no tag, is of another format, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            for begin, end in _track_headers(file):
                file.seek(max(begin, end - _HEADER_END.size))
                cosine, minus_sine, *_, width, _ = _HEADER_END.unpack(file.read(_HEADER_END.size))
                if width > 0:  # it is 0 for audio tracks
                    return round(degrees(atan2(-minus_sine, cosine)) / 90) * 90 % 360
    except (OSError, struct.error):
        pass
    return 0


def _track_headers(file: BinaryIO) -> Iterator[tuple[int, int]]:
    for movie in _boxes(file, b"moov", 0, file.seek(0, os.SEEK_END)):
        for track in _boxes(file, b"trak", *movie):
            yield from _boxes(file, b"tkhd", *track)


def _boxes(file: BinaryIO, wanted: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the content of each box of type `wanted` begins and ends, among the boxes from `begin` to `end`."""
    while begin + 8 <= end:
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
