"""Shots that fade in, and bars that move, made of the demo video with FFmpeg."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.capture.initial_camera import estimate_initial_camera
from tar_core.capture.stretches import first_shot
from tar_core.options import CaptureOptions
from tar_core.video.first_view import FirstView, first_view
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tests.support.videos import ffmpeg

WIDTH, HEIGHT, BAR = 320, 568, 80
LOSSLESS = ("-c:v", "libx264", "-qp", "0", "-preset", "ultrafast")


@pytest.fixture(scope="module")
def plain(demo_video: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the demo video, small, at 30 frames per second."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    size = f"fps=30,scale={WIDTH}:{HEIGHT},setsar=1"
    return ffmpeg("-i", demo_video, "-vf", size, "-frames:v", "25", *LOSSLESS, path)


def filtered(video: Path, filters: str, path: Path) -> Path:
    return ffmpeg("-i", video, "-vf", filters, *LOSSLESS, path)


def view_of(video: Path) -> FirstView:
    reader = VideoReader(video)
    return first_view(next(reader.frames()), lambda: reader)


def not_needed() -> VideoReader:
    raise AssertionError("the video is opened again")


def test_clear_picture_without_bars_is_the_view(plain: Path) -> None:
    reader = VideoReader(plain)
    frame = next(reader.frames())
    view = first_view(frame, not_needed)
    assert view.frame is frame and view.area.size == (WIDTH, HEIGHT)


def fade(first: float) -> str:
    """A filter: the light grows from a share in the first frame to 1 in frame 12."""
    return f"geq=lum='16+(lum(X,Y)-16)*min(1,{first}+N/12)':cb='cb(X,Y)':cr='cr(X,Y)'"


def test_camera_of_a_shot_that_fades_in_is_measured_in_a_clear_picture(plain: Path, tmp_path: Path) -> None:
    bars = f"pad={WIDTH}:{HEIGHT + 2 * BAR}:0:{BAR}"
    view = view_of(filtered(plain, f"{fade(0.1)},{bars}", tmp_path / "fade.mp4"))
    assert 4 <= view.frame.index <= 12
    assert view.area.width == WIDTH and 0 <= HEIGHT - view.area.height <= 4, "no bars are seen in the first picture"
    faded = filtered(plain, fade(0.1), tmp_path / "faded.mp4")
    cameras = {
        "plain": first_shot(VideoReader(plain), CaptureOptions()).camera,
        "clear": first_shot(VideoReader(faded), CaptureOptions()).camera,
        "first": estimate_initial_camera(next(VideoReader(faded).frames()).image, CaptureOptions()),
    }
    tilts = {name: np.degrees(np.arccos(min(1.0, camera.up @ cameras["plain"].up))) for name, camera in cameras.items()}
    print({name: f"{tilt:.1f} degrees off, {cameras[name].focal_length:.1f} pixels" for name, tilt in tilts.items()})
    assert cameras["clear"].focal_length == pytest.approx(cameras["plain"].focal_length, rel=0.01)
    assert tilts["clear"] < 1 < tilts["first"], "the first picture is too dim"


@pytest.mark.parametrize("sizes", [range(BAR, -1, -8), range(0, BAR + 1, 8)], ids=["out", "in"])
def test_bars_that_move_are_a_part_of_the_picture(sizes: range, plain: Path, tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "bars.mp4", 30, WIDTH, HEIGHT) as writer:
        for frame in VideoReader(plain).frames():
            image = frame.image.copy()
            bar = sizes[min(frame.index, len(sizes) - 1)]
            image[:bar] = image[HEIGHT - bar :] = 0
            writer.write(image)
    assert view_of(tmp_path / "bars.mp4").area.size == (WIDTH, HEIGHT)


def test_pictures_after_a_cut_or_a_fade_do_not_count(plain: Path, tmp_path: Path) -> None:
    """Bars of the shot stay, whatever comes next."""
    bars = f"pad={WIDTH}:{HEIGHT + 2 * BAR}:0:{BAR}"
    barred = filtered(plain, bars, tmp_path / "barred.mp4")
    fading = ffmpeg("-i", barred, "-vf", "fade=out:0:12", *LOSSLESS, tmp_path / "fading.mp4")
    noise = np.random.default_rng(0).integers(0, 255, (30, 20, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "other.png"), cv2.resize(noise, (WIDTH, HEIGHT + 2 * BAR)))
    other = ("-loop", "1", "-t", "1", "-i", tmp_path / "other.png")
    joined = "[1]fps=30,format=yuv420p,setsar=1[b];[0]setsar=1[a];[a][b]concat"
    cut = ffmpeg("-i", barred, *other, "-filter_complex", joined, *LOSSLESS, tmp_path / "cut.mp4")
    for video in (barred, fading, cut):
        view = view_of(video)
        assert view.frame.index == 0 and abs(view.area.top - BAR) <= 2


def test_blank_picture_is_its_own_view(tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", "color=black:size=64x64:duration=0.2:rate=30")
    frame = next(VideoReader(ffmpeg(*source, *LOSSLESS, tmp_path / "black.mp4")).frames())
    assert first_view(frame, not_needed).frame is frame
