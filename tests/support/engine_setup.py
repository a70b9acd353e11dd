"""Helpers for tests that set up an engine: a small wheel in place of tar_core."""

import json
import time
import zipfile
from pathlib import Path

from tar_blender.engine.environment import EngineInfo
from tar_blender.engine.setup import EngineSetup, Event
from tar_core.engine.protocol import PROTOCOL, known_options

INFO = EngineInfo("9.9.9", "none", "abacus", 0.5, protocol=PROTOCOL, options=tuple(known_options()))
OFFLINE = ("--no-index",)


def follow(setup: EngineSetup, seconds: float = 120) -> list[Event]:
    """Return all events of a setup, until it has finished or the time is up."""
    events: list[Event] = []
    deadline = time.monotonic() + seconds
    while not setup.finished and time.monotonic() < deadline:
        events += setup.poll()
        time.sleep(0.02)
    return events


def make_wheel(folder: Path, answer: EngineInfo, metadata: str = "") -> Path:
    """Build a wheel of a tar_core whose engine gives this answer to the self-test, with more lines of metadata."""
    path = folder / "tar_core-9.9.9-py3-none-any.whl"
    info = "tar_core-9.9.9.dist-info"
    line = json.dumps({"event": "self_test", **vars(answer)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tar_core/__init__.py", "")
        archive.writestr("tar_core/engine/__main__.py", f"print({line!r})")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tar_core\nVersion: 9.9.9\n{metadata}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        # RECORD lists the files; otherwise pip would not remove them when it installs another build.
        archive.writestr(f"{info}/RECORD", "tar_core/__init__.py,,\ntar_core/engine/__main__.py,,\n")
    return path
