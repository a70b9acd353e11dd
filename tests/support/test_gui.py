"""The parts of the window session that need no window."""

import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tar_core.video.reader import VideoReader
from tests.support import gui
from tests.support.gui import is_running, orphan_seconds, write_phone_videos, write_variable_video
from tests.support.paths import PYTHON
from tests.support.steps import StepFailed
from tests.support.videos import write_images

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")


def test_orphan_time_starts_when_blender_ends(tmp_path: Path) -> None:
    """The engine ends first: the time between the note and the end of Blender does not count."""
    note = tmp_path / "killed.txt"
    waits = [PYTHON, "-c", "input()"]
    with (
        ThreadPoolExecutor() as threads,
        subprocess.Popen(waits, stdin=subprocess.PIPE) as blender,
        subprocess.Popen(waits, stdin=subprocess.PIPE) as engine,
    ):
        orphan = threads.submit(orphan_seconds, note, threading.Event())
        begin = time.monotonic()
        note.write_text(f"{blender.pid} {engine.pid}")
        engine.kill()
        engine.wait()
        time.sleep(1)
        assert not orphan.done(), "Blender is still running"
        passed = time.monotonic() - begin
        blender.kill()
        assert orphan.result() < passed


def test_engine_that_outlives_blender_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "killed.txt"
    with subprocess.Popen([PYTHON, "-c", ""]) as blender:
        note.write_text(f"{blender.pid} {os.getpid()}")
    monkeypatch.setattr(gui, "ORPHAN_SECONDS", 0.1)
    with pytest.raises(StepFailed, match="still running without Blender"):
        orphan_seconds(note, threading.Event())


def test_session_that_did_not_kill_blender_is_an_error(tmp_path: Path) -> None:
    ended = threading.Event()
    ended.set()
    with pytest.raises(StepFailed, match="without killing Blender"):
        orphan_seconds(tmp_path / "killed.txt", ended)


def test_zombie_is_not_running() -> None:
    assert is_running(os.getpid())
    with subprocess.Popen([PYTHON, "-c", ""]) as process:
        deadline = time.monotonic() + 20
        while is_running(process.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not is_running(process.pid), "its exit code has not been read yet"


def test_phone_videos_are_upright(tmp_path: Path) -> None:
    write_phone_videos(tmp_path)
    for rotation in (90, 180, 270):
        image = next(VideoReader(tmp_path / f"{rotation}.mp4").frames(0, 0)).image
        assert image.shape == (320, 240, 3)
        quarters = [image[y, x] > 127 for y in (40, 280) for x in (30, 210)]
        np.testing.assert_array_equal(quarters, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])


def test_video_with_a_variable_rate_has_a_picture_for_each_frame(tmp_path: Path) -> None:
    source = write_images(tmp_path / "source.mp4", 60, fps=60.0)
    write_variable_video(source, tmp_path / "variable.mp4")
    pictures = np.load(tmp_path / "variable.npy")
    reader = VideoReader(tmp_path / "variable.mp4")
    assert round(reader.fps) == 30 and abs(len(pictures) - 31) <= 1
    assert pictures.shape[1:] == (3, 4, 3)
