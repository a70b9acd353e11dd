"""A video's size, rate and length as Blender reads them."""

import os
import shutil
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.util.video_info import VideoInfo, read_video_info
from tar_core.errors import TarError
from tar_core.video.orientation import Orientation
from tests.support.clips import phone_video
from tests.support.videos import ffmpeg, quadrants, shown_quadrants, write_images


def test_size_rate_and_length(tiny_video: Path) -> None:
    info = read_video_info(tiny_video)
    assert info == VideoInfo(64, 48, 12.0, 12, 12.0, 12)
    assert not bpy.data.movieclips, "no data is left in the file"


def test_result_is_cached_until_the_file_changes(tiny_video: Path, tmp_path: Path) -> None:
    video = shutil.copy(tiny_video, tmp_path / "walk.mp4")
    assert read_video_info(video) is read_video_info(video)
    phone_video(tiny_video, 90, video)
    os.utime(video, (1, 1))
    assert read_video_info(video) != read_video_info(tiny_video)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirror", [(), ("-display_hflip",)])
def test_orientation_makes_blenders_frame_that_of_the_capture(
    rotation: int, mirror: tuple[str, ...], tmp_path: Path
) -> None:
    plain = write_images(tmp_path / "plain.mp4", 2, lambda _: quadrants())
    from tar_core.video.reader import VideoReader

    tag = ("-display_rotation", str(rotation), *mirror)
    tagged = ffmpeg(*tag, "-i", plain, "-c", "copy", tmp_path / "tagged.mp4")
    info, reader = read_video_info(tagged), VideoReader(tagged)
    assert (info.width, info.height) == reader.size
    image = bpy.data.images.load(str(tagged))
    width, height = image.size
    shown_by_blender = np.array(image.pixels).reshape(height, width, 4)[::-1, :, :3] * 255
    bpy.data.images.remove(image)
    upright = shown_by_blender.transpose(1, 0, 2) if info.orientation.transposed else shown_by_blender
    upright = upright[:: -1 if info.orientation.flipped else 1, :: -1 if info.orientation.mirrored else 1]
    assert shown_quadrants(upright) == shown_quadrants(next(reader.frames()).image)
    if bpy.app.version >= (4, 4) and not mirror:
        assert info.orientation == Orientation(), "newer versions of Blender turn the frames"


def test_size_is_in_square_pixels(tiny_video: Path, tmp_path: Path) -> None:
    wide = ffmpeg("-i", tiny_video, "-vf", "setsar=3/2", "-c:v", "mpeg4", tmp_path / "wide.mp4")
    pytest.importorskip("av", reason="reads the video")
    from tar_core.video.reader import VideoReader

    info = read_video_info(wide)
    assert (info.width, info.height) == VideoReader(wide).size == (96, 48)


def test_frames_of_the_engine_in_blenders_count() -> None:
    """Blender counts twice as many: the middle of each frame is the same image in both."""
    info = VideoInfo(64, 48, 30.0, 10, 60.0, 20)
    assert [info.in_blender(frame) for frame in (0, 1, 2, 9)] == [1, 3, 5, 19]
    alike = VideoInfo(64, 48, 30.0, 10, 30.0, 10)
    assert [alike.in_blender(frame) for frame in range(10)] == list(range(10))


def test_text_for_the_panel() -> None:
    assert str(VideoInfo(1080, 1920, 30000 / 1001, 1800, 60.0, 3600)) == "1080 × 1920, 29.97 fps, 1:00"


def test_files_that_are_not_videos_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"gone\.mp4: no such video"):
        read_video_info(tmp_path / "gone.mp4")
    with pytest.raises(TarError, match="a folder, not a video"):
        read_video_info(tmp_path)
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(TarError, match=r"text\.mp4: not a video"):
        read_video_info(tmp_path / "text.mp4")
    assert not bpy.data.movieclips
