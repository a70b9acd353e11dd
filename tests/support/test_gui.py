"""The session's own parts that need no window."""

import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import gui
from tests.support.gui import has_window, orphan_seconds
from tests.support.matrix import RUNTIMES, StepFailed
from tests.support.paths import PYTHON

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="looks into /proc")


def test_only_real_programs_have_windows() -> None:
    assert [runtime.name for runtime in RUNTIMES if has_window(runtime)] == ["trixie", "sid"]


def test_time_runs_from_blenders_end(tmp_path: Path) -> None:
    """The engine is gone before: what passes between the note and Blender's end does not count."""
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
        assert not orphan.done(), "Blender goes on"
        passed = time.monotonic() - begin
        blender.kill()
        assert orphan.result() < passed


def test_engine_that_goes_on_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "killed.txt"
    with subprocess.Popen([PYTHON, "-c", ""]) as blender:
        note.write_text(f"{blender.pid} {os.getpid()}")
    monkeypatch.setattr(gui, "ORPHAN_SECONDS", 0.1)
    with pytest.raises(StepFailed, match="goes on without Blender"):
        orphan_seconds(note, threading.Event())


def test_session_that_never_came_to_it_is_told(tmp_path: Path) -> None:
    ended = threading.Event()
    ended.set()
    with pytest.raises(StepFailed, match="no Blender was killed"):
        orphan_seconds(tmp_path / "killed.txt", ended)
