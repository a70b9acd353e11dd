"""The constant frame rate that is chosen for a file."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.video.reader import VideoReader
from tar_core.video.timeline import nominal_fps
from tests.support.videos import ffmpeg, image_number, write_images


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
        (20.0, [0.1] * 25 + [1 / 30] * 125, 30.0),  # a slow start
        (14.0, [0.1] * 50 + [1 / 30] * 30, 30.0),  # more slow images than fast ones, which are not to be lost
        (30.0, [0.029, 0.037, 0.034, 0.031, 0.0355] * 9, 30.0),  # an irregular camera
        (30.0, [1 / 30] * 20 + [90.0] + [1 / 30] * 20, 30.0),  # a splice
    ],
)
def test_nominal_fps(container_fps: float, steps: list[float], expected: float) -> None:
    assert nominal_fps([container_fps], np.cumsum([0.0, *steps])) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("fps", [15, 24, 25, 30, 50])
def test_rate_of_a_gif_is_exact(fps: int, tmp_path: Path) -> None:
    """GIF files count hundredths of a second."""
    reader = VideoReader(ffmpeg("-i", write_images(tmp_path / "plain.mp4", 48, fps=fps), tmp_path / "clip.gif"))
    assert reader.fps == fps
    assert [image_number(frame.image) for frame in reader.frames()] == list(range(48))


def test_file_without_time_stamps(tmp_path: Path) -> None:
    raw = ffmpeg("-i", write_images(tmp_path / "plain.mp4", 8), "-c:v", "libx264", tmp_path / "raw.h264")
    reader = VideoReader(raw)
    assert (reader.fps, reader.frame_count) == (30, None)
    assert [image_number(frame.image) for frame in reader.frames()] == list(range(8))
