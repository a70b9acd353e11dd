"""Helpers for tests that set up an engine: a small wheel in place of tar_core."""

import json
import time
import zipfile
from pathlib import Path

from tar_blender.engine.setup import EngineInfo, EngineSetup, Event

INFO = EngineInfo("9.9.9", "none", "abacus", 0.5)
OFFLINE = ("--no-index",)


def follow(setup: EngineSetup, seconds: float = 120) -> list[Event]:
    events: list[Event] = []
    deadline = time.monotonic() + seconds
    while not setup.finished and time.monotonic() < deadline:
        events += setup.poll()
        time.sleep(0.02)
    return events


def make_wheel(folder: Path, answer: EngineInfo) -> Path:
    """A package whose engine answers the test."""
    path = folder / "tar_core-9.9.9-py3-none-any.whl"
    info = "tar_core-9.9.9.dist-info"
    line = json.dumps({"event": "self_test", **vars(answer)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tar_core/__init__.py", "")
        archive.writestr("tar_core/engine/__main__.py", f"print({line!r})")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tar_core\nVersion: 9.9.9\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        # With its files named, or else pip leaves them behind when the next one comes.
        archive.writestr(f"{info}/RECORD", "tar_core/__init__.py,,\ntar_core/engine/__main__.py,,\n")
    return path
