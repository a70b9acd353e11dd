"""The state of the engine before and after its setup."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine import paths, status
from tar_blender.engine.environment import environment_python, set_up_commands
from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE
from tar_blender.engine.setup import EngineSetup, Ready
from tar_blender.engine.status import engine_text, engine_trouble
from tar_blender.operators import engine as engine_operators
from tar_blender.operators.engine import TAR_OT_set_up_engine
from tests.support.engine_setup import INFO, OFFLINE, follow, make_wheel
from tests.support.paths import PYTHON


@pytest.fixture(autouse=True)
def folder(empty_scene: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of the engine, which does not exist yet."""
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)
    tar_blender.register()
    yield tmp_path / "engine"
    tar_blender.unregister()


@pytest.mark.slow
def test_older_engine_is_updated(
    folder: Path,
    base_python: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Set up an engine that lacks an option, then update it with the operator."""
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    assert engine_trouble(bpy.context) == "the extension contains no packages for the engine; set up the engine"
    wheel = make_wheel(tmp_path, replace(INFO, options=INFO.options[1:]))
    commands = set_up_commands(folder, base_python, str(wheel), OFFLINE)
    assert isinstance(follow(EngineSetup(environment_python(folder), commands, folder))[-1], Ready)
    assert f"does not support {INFO.options[0]}; update it" in engine_trouble(bpy.context)
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert not engine_trouble(bpy.context), "the user selected another Python"
    monkeypatch.delenv(PYTHON_VARIABLE)

    wheel = make_wheel(tmp_path, INFO)
    monkeypatch.setattr(engine_operators, "bundled_tar_core", lambda: str(wheel))
    monkeypatch.setattr(engine_operators, "find_base_python", lambda: base_python)
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    entry.preferences.pip_options = " ".join(OFFLINE)
    update = TAR_OT_set_up_engine.start_setup(None, bpy.context)
    bpy.context.preferences.addons.remove(entry)
    assert isinstance(follow(update)[-1], Ready)
    assert not engine_trouble(bpy.context)


def test_engine_that_reports_an_unknown_option_is_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.context.window_manager.tar_engine.outdated = True
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert "older than the add-on" in engine_trouble(bpy.context)


def test_text_names_the_engine_that_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert engine_text(bpy.context) == f"Own Python: {PYTHON}"
    monkeypatch.delenv(PYTHON_VARIABLE)
    (tmp_path / "onnxruntime-1.24.4-py3-none-any.whl").touch()
    monkeypatch.setattr(paths.sys, "executable", str(PYTHON))
    for module in (paths, status):
        monkeypatch.setattr(module, "bundled_wheels", lambda: tmp_path)
    paths.bundled_trouble.cache_clear()
    assert engine_text(bpy.context) == "Included in the extension: ONNX Runtime 1.24.4, cpu"
    assert engine_trouble(bpy.context) == ""
    paths.bundled_trouble.cache_clear()


def test_absent_own_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, "/absent/python")
    assert "/absent/python: no such Python" in engine_trouble(bpy.context)
