"""The 35 mm equivalent that cameras write into their files."""

from pathlib import Path

import av
import numpy as np
import pytest

from tar_core.video.lens_metadata import read_35mm_equivalent

IPHONE = "com.apple.quicktime.camera.focal_length.35mm_equivalent"


def write_video(path: Path, metadata: dict[str, str]) -> Path:
    """A video of one gray frame with metadata as phones write it."""
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(metadata)
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({IPHONE: "26", "com.apple.quicktime.camera.lens_model": "iPhone 13 back camera 5.1mm f/1.6"}, 26.0),
        ({"FocalLengthIn35mmFilm": "24.5 mm"}, 24.5),
        ({"camera.focal_length.35mm_equivalent": "52"}, 52.0),
        ({IPHONE: "0"}, None),
        ({IPHONE: "unknown"}, None),
        ({"focal_length": "5.1"}, None),
        ({}, None),
    ],
)
def test_equivalent_is_read_from_the_metadata(metadata: dict[str, str], expected: float | None, tmp_path: Path) -> None:
    assert read_35mm_equivalent(write_video(tmp_path / "a.mov", metadata)) == expected


def test_a_file_that_is_no_video_has_no_lens(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0 not a video")
    assert read_35mm_equivalent(tmp_path / "a.mp4") is None
    assert read_35mm_equivalent(tmp_path / "missing.mp4") is None
