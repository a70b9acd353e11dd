"""Writing video files."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.video.writer import VideoWriter
from tests.support.full_disk import full_disk

WIDTH, HEIGHT, FPS = 96, 64, 30.0


def test_writer_rejects_paths_that_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(TarError, match=r"ends in \.mp4"), VideoWriter(tmp_path / "clip.gif", FPS, WIDTH, HEIGHT):
        pass
    with pytest.raises(TarError, match="cannot write"), VideoWriter(tmp_path / "no" / "clip.mp4", FPS, WIDTH, HEIGHT):
        pass


def test_writer_leaves_no_file_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "clip.mp4", FPS, WIDTH, HEIGHT) as writer:
        writer.write(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_writer_reports_an_incomplete_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    with (
        full_disk(20_000),
        pytest.raises(TarError, match="free some space"),
        VideoWriter(tmp_path / "x.mp4", FPS, WIDTH, HEIGHT) as writer,
    ):
        for k in range(100):
            writer.write(np.roll(noise, k, 0))
    assert not list(tmp_path.iterdir())
