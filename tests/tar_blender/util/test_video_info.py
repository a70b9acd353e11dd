"""What Blender tells of a video, against a video whose facts are known."""

import os
import shutil
from pathlib import Path

import bpy
import pytest

from tar_blender.util.video_info import VideoInfo, read_video_info
from tar_core.errors import TarError
from tests.support.clips import phone_video


def test_facts(tiny_video: Path) -> None:
    info = read_video_info(tiny_video)
    assert info == VideoInfo(64, 48, 12.0, 12)
    assert not bpy.data.movieclips, "nothing is left in the file"


def test_video_is_opened_once_until_it_changes(tiny_video: Path, tmp_path: Path) -> None:
    video = shutil.copy(tiny_video, tmp_path / "walk.mp4")
    assert read_video_info(video) is read_video_info(video)
    phone_video(tiny_video, 90, video)
    os.utime(video, (1, 1))
    assert read_video_info(video) != read_video_info(tiny_video)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_phones_video_is_told_as_it_is_seen_upright(tiny_video: Path, tmp_path: Path, turn: int) -> None:
    info = read_video_info(phone_video(tiny_video, turn, tmp_path / "phone.mp4"))
    assert (info.width, info.height) == ((48, 64) if turn in (90, 270) else (64, 48))
    assert info.turn == (turn if bpy.app.version < (4, 4) else 0), "newer Blenders turn it by themselves"


def test_shown_as_text() -> None:
    assert str(VideoInfo(1080, 1920, 30000 / 1001, 1800)) == "1080 × 1920, 29.97 fps, 1:00"


def test_what_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"gone\.mp4: no such video"):
        read_video_info(tmp_path / "gone.mp4")
    with pytest.raises(TarError, match="a folder, not a video"):
        read_video_info(tmp_path)
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(TarError, match=r"text\.mp4: not a video"):
        read_video_info(tmp_path / "text.mp4")
    assert not bpy.data.movieclips
