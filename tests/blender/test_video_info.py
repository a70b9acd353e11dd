"""What Blender tells of a video, against a video whose facts are known."""

from pathlib import Path

import bpy
import pytest

from tar_blender.video_info import VideoInfo, read_video_info
from tar_core.errors import TarError


def test_facts(tiny_video: Path) -> None:
    info = read_video_info(tiny_video)
    assert info == VideoInfo(64, 48, 12.0, 12)
    assert not bpy.data.movieclips, "nothing is left in the file"


def test_shown_as_text() -> None:
    assert str(VideoInfo(1080, 1920, 30000 / 1001, 1800)) == "1080 × 1920, 29.97 fps, 1:00"


def test_what_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"gone\.mp4: no such video"):
        read_video_info(tmp_path / "gone.mp4")
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(TarError, match=r"text\.mp4: not a video"):
        read_video_info(tmp_path / "text.mp4")
    assert not bpy.data.movieclips
