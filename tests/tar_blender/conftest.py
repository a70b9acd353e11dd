"""Tests inside Blender: with pytest and the bpy wheel, or in the blender program (tests/support/run_in_blender.py)."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tests.support.clips import synthetic_clip
from tests.support.paths import PYTHON, REPOSITORY

if importlib.util.find_spec("bpy") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.blender)


exit_status = pytest.StashKey[int]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[exit_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Exit immediately with pytest's exit code if Blender is a Python module.

    Objects that the exporters keep alive prevent a clean exit of bpy: its destructors then wait forever for an audio
    thread (4.5.15) or crash (4.2).
    """
    if "bpy" in sys.modules and exit_status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[exit_status])


@pytest.fixture(autouse=True)
def empty_scene() -> None:
    """Start every test with an empty file and factory settings."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def preferences(empty_scene: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Register the add-on and return its preferences, as if it were enabled."""
    import bpy

    import tar_blender
    from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE

    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    tar_blender.register()
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    yield entry.preferences
    bpy.context.preferences.addons.remove(entry)
    tar_blender.unregister()


@pytest.fixture
def clip() -> MotionClip:
    return synthetic_clip()


@pytest.fixture(scope="session")
def base_python() -> Path:
    """Return a Python that can create virtual environments."""
    from tar_blender.engine.environment import find_base_python

    try:
        return find_base_python([str(PYTHON), "/usr/bin/python3"])
    except TarError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def smplx_points(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Return vertices and joints of `synthetic_clip()` computed by smplx; see tests/support/smplx_points.py.

    smplx needs torch, which the blender program does not have; there TAR_SMPLX_POINTS is the path of a prepared file.
    """
    file = os.environ.get("TAR_SMPLX_POINTS")
    if file is None:
        if importlib.util.find_spec("smplx") is None:
            pytest.skip("needs smplx, or TAR_SMPLX_POINTS with the path of a file by tests/support/smplx_points.py")
        file = str(tmp_path_factory.mktemp("smplx") / "points.npz")
        # In another process, because the libraries of Blender and torch may conflict.
        subprocess.run([sys.executable, "-m", "tests.support.smplx_points", file], cwd=REPOSITORY, check=True)
    with np.load(file) as points:
        return dict(points)


@pytest.fixture(scope="session")
def tiny_video() -> Path:
    """64x48, 12 frames, 12 fps; frame k is gray level 20 k."""
    return REPOSITORY / "tests" / "data" / "twelve_greys.mp4"
