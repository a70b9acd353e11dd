"""What files call the codec of their video, for those whose decoder is missing."""

import re
from typing import IO

_HEADER_SIZE = 1 << 16  # bytes at the beginning that are searched
# In Matroska, AVI, ASF (the codec of a video stream, 65 bytes after the identifier of such streams) and WebP.
_NAMES = re.compile(
    rb"\x86.(V_[\w/]+)"
    rb"|strh.{4}vids([ -~]{4})"
    rb"|\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b.{65}([ -~]{4})"
    rb"|(WEBP)VP8X.{14}ANIM",
    re.DOTALL,
)
_FLV_HEADER, _FLV_TAG, _FLV_VIDEO, _FLV_NAMED = 13, 11, 9, 0x80


def codec_in_header(file: IO[bytes]) -> str | None:
    """Return the codec that the first bytes of a file name; None if they name none."""
    head = file.read(_HEADER_SIZE)
    if head.startswith(b"FLV"):
        return _flv_codec(head)
    found = _NAMES.search(head)
    if found is None:
        return None
    return "animated WebP" if found[4] else next(name for name in found.groups() if name).decode("ascii").strip()


def _flv_codec(head: bytes) -> str | None:
    """Return the codec of the first video tag of an FLV file: four letters, or the number of older ones."""
    place = _FLV_HEADER
    while place + _FLV_TAG + 5 <= len(head):
        content = place + _FLV_TAG
        if head[place] == _FLV_VIDEO:
            named = head[content] & _FLV_NAMED
            return (
                head[content + 1 : content + 5].decode("ascii", "replace") if named else f"{head[content] & 15} of FLV"
            )
        place = content + int.from_bytes(head[place + 1 : place + 4], "big") + 4  # the size is repeated at the end
    return None
