"""The engine's buttons: when they can be pressed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine import paths as user_paths
from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE
from tar_blender.engine.setup import READY, EngineSetup, Ready, environment_python, set_up_commands
from tar_blender.operators import engine as engine_operators
from tar_blender.operators.engine import TAR_OT_set_up_engine, engine_trouble, set_up_label
from tar_core import __version__
from tests.support.paths import PYTHON
from tests.tar_blender.engine.test_setup import INFO, OFFLINE, base, follow, make_wheel  # noqa: F401 -- a fixture


@pytest.fixture(autouse=True)
def folder(empty_scene: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The engine's folder, empty."""
    monkeypatch.setattr(engine_operators, "engine_folder", lambda: tmp_path / "engine")
    tar_blender.register()
    yield tmp_path / "engine"
    tar_blender.unregister()


def test_engine_of_an_older_add_on_is_updated(
    folder: Path,
    base: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A real environment in which pip installed an engine that calls itself older; then what the button runs."""
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    monkeypatch.setattr(user_paths, "engine_folder", lambda: folder)
    assert engine_trouble(bpy.context) == "the engine is not set up" and set_up_label() == "Set Up Engine"
    wheel = make_wheel(tmp_path, replace(INFO, tar_core="0.0.9"))
    commands = set_up_commands(folder, base, str(wheel), OFFLINE)
    assert isinstance(follow(EngineSetup(environment_python(folder), commands, folder))[-1], Ready)
    assert f"of version 0.0.9, the add-on of {__version__}" in engine_trouble(bpy.context)
    assert set_up_label() == "Update Engine"
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert not engine_trouble(bpy.context), "another one is used"
    monkeypatch.delenv(PYTHON_VARIABLE)

    wheel = make_wheel(tmp_path, replace(INFO, tar_core=__version__))
    monkeypatch.setattr(engine_operators, "bundled_tar_core", lambda: str(wheel))
    monkeypatch.setattr(engine_operators, "find_base_python", lambda: base)
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    entry.preferences.pip_options = " ".join(OFFLINE)
    update = TAR_OT_set_up_engine.setup(None, bpy.context)
    bpy.context.preferences.addons.remove(entry)
    assert isinstance(follow(update)[-1], Ready)
    assert not engine_trouble(bpy.context) and set_up_label() == "Set Up Again"


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
    monkeypatch.setattr(user_paths, "engine_folder", lambda: Path("nowhere"))
    assert not bpy.ops.tar.test_engine.poll()
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert bpy.ops.tar.test_engine.poll()
