"""A video's size, rate and length as Blender reads them."""

import os
import shutil
from pathlib import Path

import bpy
import pytest

from tar_blender.util.video_info import VideoInfo, read_video_info
from tar_core.errors import TarError
from tests.support.clips import phone_video


def test_size_rate_and_length(tiny_video: Path) -> None:
    info = read_video_info(tiny_video)
    assert info == VideoInfo(64, 48, 12.0, 12)
    assert not bpy.data.movieclips, "no data is left in the file"


def test_result_is_cached_until_the_file_changes(tiny_video: Path, tmp_path: Path) -> None:
    video = shutil.copy(tiny_video, tmp_path / "walk.mp4")
    assert read_video_info(video) is read_video_info(video)
    phone_video(tiny_video, 90, video)
    os.utime(video, (1, 1))
    assert read_video_info(video) != read_video_info(tiny_video)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_size_is_that_of_the_upright_frame(tiny_video: Path, tmp_path: Path, rotation: int) -> None:
    info = read_video_info(phone_video(tiny_video, rotation, tmp_path / "phone.mp4"))
    assert (info.width, info.height) == ((48, 64) if rotation in (90, 270) else (64, 48))
    assert info.rotation == (rotation if bpy.app.version < (4, 4) else 0), "newer versions of Blender rotate the frames"


def test_text_for_the_panel() -> None:
    assert str(VideoInfo(1080, 1920, 30000 / 1001, 1800)) == "1080 × 1920, 29.97 fps, 1:00"


def test_files_that_are_not_videos_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"gone\.mp4: no such video"):
        read_video_info(tmp_path / "gone.mp4")
    with pytest.raises(TarError, match="a folder, not a video"):
        read_video_info(tmp_path)
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(TarError, match=r"text\.mp4: not a video"):
        read_video_info(tmp_path / "text.mp4")
    assert not bpy.data.movieclips
