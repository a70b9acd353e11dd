"""How a phone was held: the turn that MP4 and QuickTime files ask their players for."""

import os
import struct
from collections.abc import Iterator
from math import atan2, degrees
from pathlib import Path
from typing import BinaryIO

_TAIL = struct.Struct(">9i2I")  # of a track header: its matrix, of 16.16 numbers, and the picture's width and height


def rotation_tag(path: Path) -> int:
    """0, 90, 180 or 270: degrees by which the stored pictures are to be turned to the left to be upright.

    0 where the file says nothing, is of another kind, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            for begin, end in _track_headers(file):
                file.seek(max(begin, end - _TAIL.size))
                cosine, minus_sine, *_, width, _ = _TAIL.unpack(file.read(_TAIL.size))
                if width > 0:  # sound has none
                    return round(degrees(atan2(-minus_sine, cosine)) / 90) * 90 % 360
    except (OSError, struct.error):
        pass
    return 0


def _track_headers(file: BinaryIO) -> Iterator[tuple[int, int]]:
    for movie in _boxes(file, b"moov", 0, file.seek(0, os.SEEK_END)):
        for track in _boxes(file, b"trak", *movie):
            yield from _boxes(file, b"tkhd", *track)


def _boxes(file: BinaryIO, wanted: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the content of each box of a kind begins and ends, among those that lie between two places."""
    while begin + 8 <= end:
        file.seek(begin)
        size, kind = struct.unpack(">I4s", file.read(8))
        content = begin + 8
        if size == 1:  # it stands behind the kind
            (size,) = struct.unpack(">Q", file.read(8))
            content += 8
        if size == 0:  # the last box
            size = end - begin
        if size < 8:
            return
        if kind == wanted:
            yield content, min(begin + size, end)
        begin += size
