"""The paths that the preferences define."""

from pathlib import Path

import bpy
import pytest

from tar_blender.engine import paths
from tar_blender.engine.environment import READY_FILE, environment_python
from tar_blender.engine.paths import (
    PYTHON_VARIABLE,
    body_file,
    cache_folder,
    engine_choices,
    engine_folder,
    engine_python,
    find_engine_python,
)
from tar_blender.panels.preferences import TARPreferences
from tar_core.errors import TarError
from tests.support.paths import PYTHON


def test_python_of_the_variable_precedes_the_preference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert find_engine_python("elsewhere") == PYTHON
    monkeypatch.delenv(PYTHON_VARIABLE)
    assert find_engine_python(str(PYTHON)) == PYTHON
    with pytest.raises(TarError, match="Set Up Engine"):
        find_engine_python()
    with pytest.raises(TarError, match="no such Python"):
        find_engine_python(str(tmp_path / "python"))


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
        engine_python(bpy.context)
    monkeypatch.setenv(PYTHON_VARIABLE, path)
    with pytest.raises(TarError, match="not an absolute path"):
        engine_python(bpy.context)


def test_python_picked_relative_to_the_open_file_is_stored_absolute(
    preferences: TARPreferences, tmp_path: Path
) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "dance.blend"))
    (tmp_path / "python").symlink_to(PYTHON)
    preferences.engine_python = "//python"
    bpy.ops.wm.read_homefile(use_empty=True)
    assert engine_python(bpy.context) == tmp_path / "python"


def test_python_of_the_preferences(preferences: TARPreferences) -> None:
    with pytest.raises(TarError, match="Set Up Engine"):
        engine_python(bpy.context)
    preferences.engine_python = str(PYTHON)
    assert engine_python(bpy.context) == PYTHON


def test_variable_precedes_the_preferences(preferences: TARPreferences, monkeypatch: pytest.MonkeyPatch) -> None:
    preferences.engine_python = "/absent/python"
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert engine_python(bpy.context) == PYTHON


def test_preferences_precede_the_setup(
    preferences: TARPreferences, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "engine_folder", lambda: tmp_path)
    (tmp_path / READY_FILE).write_text(
        '{"tar_core": "0.1.0", "runtime": "ONNX Runtime", "device": "cpu", "seconds": 2.0}'
    )
    python = environment_python(tmp_path)
    python.parent.mkdir()
    python.symlink_to(PYTHON)
    assert engine_python(bpy.context) == python
    preferences.engine_python = str(PYTHON)
    assert engine_python(bpy.context) == PYTHON


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


def test_preferences_are_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert engine_python(bpy.context) == PYTHON
    assert body_file(bpy.context) is None and engine_choices(bpy.context) == {}
