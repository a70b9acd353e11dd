"""Codecs that files name in their first bytes; test_container.py has whole files."""

import io

import pytest

from tar_core.video.codec_names import codec_in_header

SCRIPT = b"\x12" + (3).to_bytes(3, "big") + bytes(7) + b"abc" + (14).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("content", "expected"), [(b"\x9cxyz1", "xyz1"), (b"\x18    ", "8 of FLV"), (b"\x9c", None), (b"", None)]
)
def test_codec_of_flv(content: bytes, expected: str | None) -> None:
    """It is named by four letters or a number, in the first tag of video, which follows that of a script."""
    video = b"\x09" + len(content).to_bytes(3, "big") + bytes(7) + content
    assert codec_in_header(io.BytesIO(b"FLV\x01\x01" + bytes(8) + SCRIPT + video)) == expected


def test_files_that_name_no_codec() -> None:
    for content in (b"", b"FLV", b"\x00" * 200, b"RIFF0000WEBPVP8 "):
        assert codec_in_header(io.BytesIO(content)) is None
