"""The state of the engine before and after its setup."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine import paths
from tar_blender.engine.environment import environment_python, set_up_commands
from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE
from tar_blender.engine.setup import EngineSetup, Ready
from tar_blender.engine.status import engine_trouble, version_warning
from tar_blender.operators import engine as engine_operators
from tar_blender.operators.engine import TAR_OT_set_up_engine
from tar_core import __version__
from tests.support.engine_setup import INFO, OFFLINE, follow, make_wheel
from tests.support.paths import PYTHON


@pytest.fixture(autouse=True)
def folder(empty_scene: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of the engine, which does not exist yet."""
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)
    tar_blender.register()
    yield tmp_path / "engine"
    tar_blender.unregister()


def test_older_engine_is_updated(
    folder: Path,
    base_python: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A real environment with an engine that reports an older version, which the operator then updates."""
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    assert engine_trouble(bpy.context) == "the engine is not set up"
    wheel = make_wheel(tmp_path, replace(INFO, tar_core="0.0.9"))
    commands = set_up_commands(folder, base_python, str(wheel), OFFLINE)
    assert isinstance(follow(EngineSetup(environment_python(folder), commands, folder))[-1], Ready)
    assert f"version 0.0.9, the add-on {__version__}" in engine_trouble(bpy.context)
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert not engine_trouble(bpy.context), "another Python is used"
    monkeypatch.delenv(PYTHON_VARIABLE)

    wheel = make_wheel(tmp_path, replace(INFO, tar_core=__version__))
    monkeypatch.setattr(engine_operators, "bundled_tar_core", lambda: str(wheel))
    monkeypatch.setattr(engine_operators, "find_base_python", lambda: base_python)
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    entry.preferences.pip_options = " ".join(OFFLINE)
    update = TAR_OT_set_up_engine.setup(None, bpy.context)
    bpy.context.preferences.addons.remove(entry)
    assert isinstance(follow(update)[-1], Ready)
    assert not engine_trouble(bpy.context)


def test_only_an_older_engine_gets_a_version_warning() -> None:
    assert "0.0.9" in version_warning(replace(INFO, tar_core="0.0.9"))
    assert version_warning(replace(INFO, tar_core=__version__)) == ""
    assert version_warning(None) == ""
