"""Measuring processes, and repeating a video."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_speed import looped_video, measure
from tar_core.errors import TarError
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter


def test_peak_memory_is_that_of_the_measured_process() -> None:
    """Allocating 200 MiB more raises the peak by 200 MiB, whatever memory this process uses."""
    code = "block = bytearray(b'x') * ({} << 20)"
    small = measure([sys.executable, "-c", code.format(1)])
    large = measure([sys.executable, "-c", code.format(201)])
    assert large.peak_memory - small.peak_memory == pytest.approx(200, abs=10)


def test_seconds_are_elapsed_time() -> None:
    assert 0.3 < measure([sys.executable, "-c", "import time; time.sleep(0.3)"]).seconds < 5


def test_failure_reports_the_last_line_of_the_errors() -> None:
    with pytest.raises(TarError, match="ValueError: a reason"):
        measure([sys.executable, "-c", "raise ValueError('a reason')"])


def test_looped_video_repeats_all_frames(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    with VideoWriter(source, 25, 64, 48) as writer:
        for brightness in (40, 120, 200):
            writer.write(np.full((48, 64, 3), brightness, np.uint8))
    frames = VideoReader(looped_video(source, 3, tmp_path / "loop.mp4")).frames()
    brightness = [frame.image.mean() for frame in frames]
    assert brightness == pytest.approx([40, 120, 200] * 3, abs=6)
