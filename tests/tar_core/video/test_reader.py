"""Reading of video files: ranges, times and damaged files."""

import gc
import os
from pathlib import Path

import av
import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.video.reader import VideoReader
from tests.support.videos import FPS, HEIGHT, WIDTH, ffmpeg, image_number, numbered, write_images


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 numbered images at 30 fps."""
    return write_images(tmp_path_factory.mktemp("video") / "plain.mp4", 60)


def test_constant_rate_returns_each_image_once(video: Path) -> None:
    reader = VideoReader(video)
    assert (reader.size, reader.fps, reader.frame_count) == ((WIDTH, HEIGHT), FPS, 60)
    frames = list(reader.frames())
    assert [frame.index for frame in frames] == list(range(60))
    assert [image_number(frame.image) for frame in frames] == list(range(60))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(60) / FPS, atol=1e-3)
    assert not reader.warnings


def test_images_are_rgb(video: Path) -> None:
    red, green, blue = next(VideoReader(video).frames()).image[4, 4]
    assert red > 150 and green < 90 and blue < 90


def test_range_includes_both_ends(video: Path) -> None:
    frames = list(VideoReader(video).frames(start=7, end=9))
    assert [(frame.index, image_number(frame.image)) for frame in frames] == [(7, 7), (8, 8), (9, 9)]


def test_frames_are_read_any_number_of_times_and_at_the_same_time(video: Path) -> None:
    reader = VideoReader(video)
    first, second = reader.frames(), reader.frames()
    pairs = [(image_number(one.image), image_number(other.image)) for one, other in zip(first, second, strict=True)]
    assert pairs == [(k, k) for k in range(60)]
    assert [image_number(frame.image) for frame in reader.frames(start=57)] == [57, 58, 59]


def test_no_picture_waits_for_the_garbage_collection(video: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        assert len(list(VideoReader(video).frames(end=3))) == 4
        VideoReader(video)
        left = [thing for thing in gc.get_objects() if isinstance(thing, av.VideoFrame)]
    finally:
        gc.enable()
    assert all(picture.width <= 16 for picture in left)


def test_number_of_frames_in_a_range(video: Path) -> None:
    reader = VideoReader(video)
    assert (reader.frames_in(), reader.frames_in(50), reader.frames_in(50, 54), reader.frames_in(70)) == (60, 10, 5, 0)


def test_start_beyond_the_end_returns_no_frames(video: Path) -> None:
    assert not list(VideoReader(video).frames(start=100))


def test_late_start_is_reached_exactly(tmp_path: Path) -> None:
    path = write_images(tmp_path / "long.mp4", 120, lambda k: numbered(k % 64), fps=10.0)
    frames = list(VideoReader(path).frames(start=103, end=104))
    assert [(frame.index, image_number(frame.image)) for frame in frames] == [(103, 39), (104, 40)]


def test_variable_rate_is_resampled_by_time(video: Path, tmp_path: Path) -> None:
    gappy = tmp_path / "variable.mp4"
    kept = [k for k in range(60) if not 10 <= k < 20 and k % 7 != 3]
    select = "+".join(f"eq(n,{k})" for k in kept)
    ffmpeg("-i", str(video), "-vf", f"select='{select}'", "-fps_mode", "vfr", "-c:v", "mpeg4", "-q:v", "2", str(gappy))
    reader = VideoReader(gappy)
    assert reader.fps == 30
    frames = list(reader.frames())
    assert [frame.index for frame in frames] == list(range(kept[-1] + 1))
    for frame in frames:
        shown = image_number(frame.image)
        assert shown in kept
        assert abs(shown - frame.index) == min(abs(k - frame.index) for k in kept)


def test_slow_start_is_read_at_the_rate_of_most_images(video: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.mp4"
    ffmpeg("-i", video, "-vf", "select='gte(n,24)+not(mod(n,3))'", "-fps_mode", "vfr", "-c:v", "mpeg4", slow)
    reader = VideoReader(slow)
    assert (reader.fps, reader.frame_count) == (30, 60)
    frames = list(reader.frames())
    assert [image_number(frame.image) for frame in frames][24:] == list(range(24, 60))
    assert all(abs(image_number(frame.image) - frame.index) <= 1 for frame in frames)
    assert not reader.warnings


@pytest.fixture(scope="module")
def reordered(video: Path) -> Path:
    """The same images in H.264 with B-frames, which are stored out of order."""
    return ffmpeg("-i", video, "-c:v", "libx264", "-bf", "3", "-g", "20", video.with_name("reordered.mp4"))


@pytest.mark.parametrize(
    ("name", "skipped", "delay"),
    [
        ("b_frames.mkv", 0, 0),
        ("edit_list.mp4", 12, 0),
        ("delayed.mkv", 0, 5),
        ("delayed.mp4", 0, 5),
        ("delayed.ts", 0, 5),
    ],
)
def test_times_count_from_the_first_shown_image(
    name: str, skipped: int, delay: int, reordered: Path, tmp_path: Path
) -> None:
    start = ("-ss", str(skipped / FPS), "-i", reordered)
    reader = VideoReader(ffmpeg(*start, "-c", "copy", "-output_ts_offset", str(delay), tmp_path / name))
    frames = list(reader.frames())
    assert [image_number(frame.image) for frame in frames] == list(range(skipped, 60))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(60 - skipped) / FPS, atol=1e-3)
    assert (reader.fps, reader.frame_count, reader.warnings) == (FPS, 60 - skipped, [])


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_avi_with_reordered_images(codec: str, tmp_path: Path) -> None:
    """Its time stamps are those of decoding."""
    plain = write_images(tmp_path / "plain.mp4", 240, lambda k: numbered(k % 64))
    path = ffmpeg("-i", plain, "-c:v", codec, "-bf", "2", "-g", "40", "-b:v", "2M", tmp_path / "reordered.avi")
    reader = VideoReader(path)
    frames = list(reader.frames())
    assert [image_number(frame.image) for frame in frames] == [k % 64 for k in range(240)]
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(240) / FPS, atol=1e-3)
    assert reader.frame_count == 240 and not reader.warnings
    assert [image_number(frame.image) for frame in reader.frames(200, 202)] == [8, 9, 10]


def test_longer_sound_is_no_damage(video: Path, tmp_path: Path) -> None:
    for name in ("sound.mp4", "sound.mkv"):
        sound = ("-f", "lavfi", "-i", "sine=duration=5")
        reader = VideoReader(ffmpeg("-i", video, *sound, "-c:v", "copy", "-c:a", "aac", tmp_path / name))
        assert len(list(reader.frames())) == reader.frame_count == 60
        assert not reader.warnings


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv"])
def test_truncated_file_is_read_up_to_its_end_with_a_warning(name: str, tmp_path: Path) -> None:
    whole, broken = tmp_path / f"whole_{name}", tmp_path / name
    noise = "testsrc2=size=320x240:rate=30:duration=3,noise=alls=40:allf=t"
    ffmpeg("-f", "lavfi", "-i", noise, "-c:v", "mpeg4", "-q:v", "5", "-movflags", "faststart", str(whole))
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    reader = VideoReader(broken)
    frames = list(reader.frames())
    assert 20 < len(frames) < 70
    assert len(reader.warnings) == 1 and "the file is damaged" in reader.warnings[0]


def unreadable_files(folder: Path, video: Path) -> dict[str, Path]:
    """Files by the words that their errors must contain."""
    text, empty, headless = folder / "notes.txt", folder / "empty.mp4", folder / "headless.mp4"
    text.write_text("not a video\n" * 20)
    empty.touch()
    headless.write_bytes(video.read_bytes()[:-600])  # the index at the end is cut off
    random = folder / "random.mp4"
    random.write_bytes(bytes(np.random.default_rng(0).integers(0, 256, 5000, np.uint8)))
    pipe = folder / "pipe.mp4"
    os.mkfifo(pipe)
    return {
        "a pipe": pipe,
        "no such video": folder / "absent.mp4",
        "folder": folder,
        "not a video": text,
        "empty": empty,
        "incomplete copy": headless,
        "FFmpeg can read": random,
    }


@pytest.mark.parametrize(
    "words", ["a pipe", "no such video", "folder", "not a video", "empty", "incomplete copy", "FFmpeg can read"]
)
def test_unreadable_files_give_one_line_errors(
    words: str, tmp_path: Path, video: Path, capfd: pytest.CaptureFixture
) -> None:
    with pytest.raises(TarError, match=words) as caught:
        VideoReader(unreadable_files(tmp_path, video)[words])
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", ""), "FFmpeg and OpenCV must not print anything"


@pytest.mark.parametrize("step", [0.0005, 20.0])
def test_unusual_frame_rates_are_refused(step: float, tmp_path: Path) -> None:
    plain = write_images(tmp_path / "plain.mp4", 4)
    spaced = ("-c", "copy", "-bsf:v", f"setts=ts=N*{step}/TB", "-video_track_timescale", "10000")
    video = ffmpeg("-i", plain, *spaced, tmp_path / "unusual.mp4")
    with pytest.raises(TarError, match=f"at {1 / step:g} frames per second cannot be captured; convert it"):
        VideoReader(video)
