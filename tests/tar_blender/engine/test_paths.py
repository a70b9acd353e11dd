"""The paths that the preferences define."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

from tar_blender.engine import paths
from tar_blender.engine.environment import READY_FILE, EngineInfo, environment_python
from tar_blender.engine.paths import (
    PYTHON_VARIABLE,
    EngineProgram,
    body_file,
    bundled_program,
    bundled_trouble,
    cache_folder,
    engine_choices,
    engine_folder,
    engine_program,
)
from tar_blender.panels.preferences import TARPreferences
from tar_core.errors import TarError
from tests.support.engine_setup import INFO
from tests.support.paths import PYTHON


@pytest.mark.parametrize("path", ["//venv/bin/python", "venv/bin/python", "./python", "../python"])
def test_python_is_not_chosen_by_the_open_file_or_the_current_folder(
    path: str, preferences: TARPreferences, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "downloads"
    python = work / path.removeprefix("//")
    python.parent.mkdir(parents=True, exist_ok=True)
    python.symlink_to(PYTHON)
    monkeypatch.chdir(work)
    preferences.engine_python = path  # before the file is opened
    bpy.ops.wm.save_as_mainfile(filepath=str(work / "dance.blend"))
    with pytest.raises(TarError, match="not an absolute path"):
        engine_program(bpy.context)
    monkeypatch.setenv(PYTHON_VARIABLE, path)
    with pytest.raises(TarError, match="not an absolute path"):
        engine_program(bpy.context)


def test_python_picked_relative_to_the_open_file_is_stored_absolute(
    preferences: TARPreferences, tmp_path: Path
) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "dance.blend"))
    (tmp_path / "python").symlink_to(PYTHON)
    preferences.engine_python = "//python"
    bpy.ops.wm.read_homefile(use_empty=True)
    assert engine_program(bpy.context).python == tmp_path / "python"


def test_python_of_the_preferences(preferences: TARPreferences) -> None:
    with pytest.raises(TarError, match="Set Up Engine"):
        engine_program(bpy.context)
    preferences.engine_python = str(PYTHON)
    assert engine_program(bpy.context).python == PYTHON


def test_absent_python_of_the_preferences_is_an_error(preferences: TARPreferences, tmp_path: Path) -> None:
    preferences.engine_python = str(tmp_path / "python")
    with pytest.raises(TarError, match="no such Python"):
        engine_program(bpy.context)


def test_variable_precedes_the_preferences(preferences: TARPreferences, monkeypatch: pytest.MonkeyPatch) -> None:
    preferences.engine_python = "/absent/python"
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert engine_program(bpy.context).python == PYTHON


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[EngineInfo], Path]:
    """A function that writes an environment with an engine, and returns its Python."""
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)

    def write(info: EngineInfo) -> Path:
        python = environment_python(tmp_path / "engine")
        python.parent.mkdir(parents=True)
        python.symlink_to(PYTHON)
        (tmp_path / "engine" / READY_FILE).write_text(json.dumps(vars(info)))
        return python

    return write


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of the wheels in the extension, with one wheel that fits."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "onnxruntime-1.24.4-py3-none-any.whl").touch()
    monkeypatch.setattr(paths, "bundled_wheels", lambda: folder)
    monkeypatch.setattr(paths.sys, "executable", str(PYTHON))  # Blender's Python; in the test it may have another name
    bundled_trouble.cache_clear()
    yield folder
    bundled_trouble.cache_clear()


def test_preferences_precede_the_setup_and_that_the_packages_in_the_extension(
    preferences: TARPreferences, set_up: Callable[[EngineInfo], Path], bundled: Path
) -> None:
    assert "launch.py" in engine_program(bpy.context).arguments[-3] and engine_program(bpy.context).python == PYTHON
    python = set_up(INFO)
    assert engine_program(bpy.context) == EngineProgram(python)
    preferences.engine_python = str(PYTHON)
    assert engine_program(bpy.context) == EngineProgram(PYTHON)


@pytest.mark.parametrize(("device", "is_used"), [("cpu", False), ("cuda", True)])
def test_older_environment_is_used_only_with_a_graphics_card(
    device: str, is_used: bool, preferences: TARPreferences, set_up: Callable[[EngineInfo], Path], bundled: Path
) -> None:
    python = set_up(replace(INFO, device=device, protocol=1))
    assert (engine_program(bpy.context) == EngineProgram(python)) == is_used


def test_environment_without_its_python_is_not_used(
    preferences: TARPreferences, set_up: Callable[[EngineInfo], Path], bundled: Path
) -> None:
    """A virtual environment breaks if the Blender is deleted with whose Python it was created."""
    set_up(INFO).unlink()
    assert engine_program(bpy.context) == bundled_program()


def test_packages_that_do_not_fit_are_not_used(preferences: TARPreferences, bundled: Path) -> None:
    (bundled / "onnxruntime-1.24.4-py3-none-any.whl").rename(bundled / "onnxruntime-1.24.4-cp37-cp37m-any.whl")
    bundled_trouble.cache_clear()
    assert "no onnxruntime for Python" in bundled_trouble()
    with pytest.raises(TarError, match="Set Up Engine"):
        engine_program(bpy.context)


def test_blender_without_a_python_program_cannot_use_the_packages(
    preferences: TARPreferences, bundled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths.sys, "executable", "/usr/bin/blender")
    bundled_trouble.cache_clear()
    assert bundled_program() is None and "no Python program" in bundled_trouble()


def test_own_folders_are_absolute() -> None:
    assert engine_folder().is_absolute() and engine_folder() != cache_folder(bpy.context)


def test_options_of_every_job(preferences: TARPreferences, tmp_path: Path) -> None:
    assert engine_choices(bpy.context) == {"device": "auto", "checkpoint": None, "threads": None}
    preferences.device, preferences.threads, preferences.checkpoint = "cpu", 3, str(tmp_path / "mine.safetensors")
    with pytest.raises(TarError, match="no such network"):
        engine_choices(bpy.context)
    (tmp_path / "mine.safetensors").touch()
    assert engine_choices(bpy.context) == {"device": "cpu", "checkpoint": preferences.checkpoint, "threads": 3}


def test_body_file(preferences: TARPreferences, tmp_path: Path) -> None:
    assert body_file(bpy.context) is None
    preferences.body_file = str(tmp_path / "SMPL_MALE.npz")
    with pytest.raises(TarError, match="no such SMPL body file"):
        body_file(bpy.context)
    (tmp_path / "SMPL_MALE.npz").touch()
    assert body_file(bpy.context) == preferences.body_file


def test_relative_paths_are_absolute_for_the_engine(
    preferences: TARPreferences, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").touch()
    (tmp_path / "SMPL_MALE.npz").touch()
    preferences.checkpoint, preferences.body_file = "mine.safetensors", "SMPL_MALE.npz"
    preferences.cache_folder = "cache"
    assert engine_choices(bpy.context)["checkpoint"] == str(tmp_path / "mine.safetensors")
    assert body_file(bpy.context) == str(tmp_path / "SMPL_MALE.npz")
    assert cache_folder(bpy.context) == tmp_path / "cache"


def test_preferences_are_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert engine_program(bpy.context).python == PYTHON
    assert body_file(bpy.context) is None and engine_choices(bpy.context) == {}
