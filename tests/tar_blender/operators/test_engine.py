"""The engine's operators: when they are enabled, and what they do."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine import paths
from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE
from tar_blender.engine.setup import READY
from tar_blender.operators import engine as engine_operators
from tests.support.paths import PYTHON


@pytest.fixture(autouse=True)
def folder(empty_scene: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The engine's folder, empty."""
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)
    tar_blender.register()
    yield tmp_path / "engine"
    tar_blender.unregister()


def test_setting_up_asks_for_online_access_unless_wheels_are_at_hand() -> None:
    assert bpy.ops.tar.set_up_engine.poll() == bpy.app.online_access
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    entry.preferences.pip_options = "--no-index --find-links 'my wheels'"
    assert bpy.ops.tar.set_up_engine.poll()
    assert engine_operators._pip_options(bpy.context)[-1] == "my wheels"
    bpy.context.preferences.addons.remove(entry)


def test_engine_is_removed(folder: Path) -> None:
    assert not bpy.ops.tar.remove_engine.poll()
    folder.mkdir()
    (folder / READY).write_text("{}")
    assert bpy.ops.tar.remove_engine() == {"FINISHED"}
    assert not folder.exists()


def test_nothing_is_begun_while_something_runs(folder: Path) -> None:
    folder.mkdir()
    bpy.context.window_manager.tar_engine.running = True
    assert not bpy.ops.tar.test_engine.poll() and not bpy.ops.tar.remove_engine.poll()
    bpy.ops.tar.cancel_engine()
    assert bpy.context.window_manager.tar_engine.cancel_requested
    bpy.context.window_manager.tar_engine.running = False
    assert bpy.ops.tar.remove_engine.poll()


def test_only_an_engine_that_is_there_is_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    assert not bpy.ops.tar.test_engine.poll()
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert bpy.ops.tar.test_engine.poll()
