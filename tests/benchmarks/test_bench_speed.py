"""Measuring processes, and the looped video."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_speed import looped_video, measure
from tar_core.errors import TarError
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter


def test_peak_memory_is_the_processes_own() -> None:
    """A process that touches 200 MiB more takes 200 MiB more, whatever this one uses."""
    code = "block = bytearray(b'x') * ({} << 20)"
    small = measure([sys.executable, "-c", code.format(1)])
    large = measure([sys.executable, "-c", code.format(201)])
    assert large.peak_memory - small.peak_memory == pytest.approx(200, abs=10)


def test_seconds_are_wall_clock() -> None:
    assert 0.3 < measure([sys.executable, "-c", "import time; time.sleep(0.3)"]).seconds < 5


def test_failure_tells_the_last_line() -> None:
    with pytest.raises(TarError, match="ValueError: no luck"):
        measure([sys.executable, "-c", "raise ValueError('no luck')"])


def test_looped_video(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    with VideoWriter(source, 25, 64, 48) as writer:
        for brightness in (40, 120, 200):
            writer.write(np.full((48, 64, 3), brightness, np.uint8))
    frames = VideoReader(looped_video(source, 3, tmp_path / "loop.mp4")).frames()
    brightness = [frame.image.mean() for frame in frames]
    assert brightness == pytest.approx([40, 120, 200] * 3, abs=6)
