"""Reading of video files: frame rates, ranges, rotation tags, and damaged files."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.video.reader import VideoReader, nominal_fps
from tar_core.video.writer import VideoWriter

WIDTH, HEIGHT, FPS = 96, 64, 30.0
BITS = 6  # image k shows the binary digits of k as black and white columns


def numbered(k: int) -> np.ndarray:
    """Image k: its number in the lower half, and a red corner at the top left."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:16, :16] = (255, 0, 0)
    for bit in range(BITS):
        image[HEIGHT // 2 :, bit * WIDTH // BITS : (bit + 1) * WIDTH // BITS] = 255 * (k >> bit & 1)
    return image


def image_number(image: np.ndarray) -> int:
    columns = image[3 * HEIGHT // 4, WIDTH // (2 * BITS) :: WIDTH // BITS].mean(-1)
    return sum(int(column > 127) << bit for bit, column in enumerate(columns))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 numbered images at 30 fps."""
    path = tmp_path_factory.mktemp("video") / "plain.mp4"
    with VideoWriter(path, FPS, WIDTH, HEIGHT) as writer:
        for k in range(60):
            writer.write(numbered(k))
    return path


def ffmpeg(*arguments: str) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="writes files that OpenCV cannot write")
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True)


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


def test_number_of_frames_in_a_range(video: Path) -> None:
    reader = VideoReader(video)
    assert (reader.frames_in(), reader.frames_in(50), reader.frames_in(50, 54), reader.frames_in(70)) == (60, 10, 5, 0)


def test_start_beyond_the_end_returns_no_frames(video: Path) -> None:
    assert not list(VideoReader(video).frames(start=100))


def test_late_start_is_reached_exactly(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    with VideoWriter(path, 10.0, WIDTH, HEIGHT) as writer:
        for k in range(120):
            writer.write(numbered(k % 64))
    frames = list(VideoReader(path).frames(start=103, end=104))
    assert [(frame.index, image_number(frame.image)) for frame in frames] == [(103, 39), (104, 40)]


def test_rotation_tag_is_applied(video: Path, tmp_path: Path) -> None:
    tagged = tmp_path / "phone.mp4"
    ffmpeg("-display_rotation", "90", "-i", str(video), "-c", "copy", str(tagged))
    reader = VideoReader(tagged)
    assert reader.size == (HEIGHT, WIDTH)
    image = next(reader.frames()).image
    assert image.shape == (WIDTH, HEIGHT, 3)
    assert image[-5, 4, 0] > 150 and image[4, 4, 0] < 90  # rotated to the left: the red corner is at the bottom


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


@pytest.mark.parametrize(
    ("container_fps", "steps", "expected"),
    [
        (30.0, [1 / 30] * 20, 30.0),
        (59.94, [0.017, 0.017, 0.016] * 8, 59.94),  # stamps rounded to milliseconds
        (21.9, [1 / 30] * 20 + [0.4, 1 / 15], 30.0),  # variable: the container's rate is an average
        (0.0, [0.04] * 20, 25.0),
        (12.5, [0.08] * 5, 12.5),
        (0.0, [], 30.0),
        (25.0, [1 / 60, 1 / 20], 60.0),  # too few time stamps
    ],
)
def test_nominal_fps(container_fps: float, steps: list[float], expected: float) -> None:
    assert nominal_fps(container_fps, np.cumsum([0.0, *steps])) == pytest.approx(expected, rel=1e-3)


def test_truncated_file_is_read_up_to_its_end_with_a_warning(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.mp4", tmp_path / "broken.mp4"
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


def test_file_without_a_video_stream(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac", str(path))
    with pytest.raises(TarError):
        VideoReader(path)
