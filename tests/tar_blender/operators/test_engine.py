"""The engine's operators: when they are enabled, and what they do."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine import paths
from tar_blender.engine.environment import READY_FILE
from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE
from tar_blender.operators import engine as engine_operators
from tests.support.paths import PYTHON


@pytest.fixture(autouse=True)
def folder(empty_scene: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of the engine, which does not exist yet."""
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)
    tar_blender.register()
    yield tmp_path / "engine"
    tar_blender.unregister()


def test_setup_needs_online_access_or_local_wheels() -> None:
    assert bpy.ops.tar.set_up_engine.poll() == bpy.app.online_access
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    entry.preferences.pip_options = "--no-index --find-links 'my wheels'"
    assert bpy.ops.tar.set_up_engine.poll()
    assert engine_operators._pip_options(bpy.context)[-1] == "my wheels"
    if not bpy.app.online_access:
        entry.preferences.pip_options += " --find-links https://example.org"
        assert not bpy.ops.tar.set_up_engine.poll()
    entry.preferences.pip_options = "--no-index 'unpaired"
    assert not bpy.ops.tar.set_up_engine.poll()
    bpy.context.preferences.addons.remove(entry)


def test_engine_is_removed(folder: Path) -> None:
    assert not bpy.ops.tar.remove_engine.poll()
    folder.mkdir()
    (folder / READY_FILE).write_text("{}")
    assert bpy.ops.tar.remove_engine() == {"FINISHED"}
    assert not folder.exists()


def test_unpacked_packages_are_removed(folder: Path) -> None:
    packages = folder.with_name("packages") / "cp311-12345678"
    packages.mkdir(parents=True)
    assert bpy.ops.tar.remove_engine() == {"FINISHED"}
    assert not packages.exists()


def test_operators_are_disabled_during_setup(folder: Path) -> None:
    folder.mkdir()
    bpy.context.window_manager.tar_engine.running = True
    assert not bpy.ops.tar.test_engine.poll() and not bpy.ops.tar.remove_engine.poll()
    bpy.ops.tar.cancel_engine()
    assert bpy.context.window_manager.tar_engine.cancel_requested
    bpy.context.window_manager.tar_engine.running = False
    assert bpy.ops.tar.remove_engine.poll()


def test_self_test_needs_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    assert not bpy.ops.tar.test_engine.poll()
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert bpy.ops.tar.test_engine.poll()
