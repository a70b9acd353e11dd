"""The preferences' buttons, and where the user's choices lead (user_paths.py)."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from tar_blender.engine import paths as user_paths
from tar_blender.engine.cache import keep_motion
from tar_blender.engine.paths import (
    ADDON,
    PYTHON_VARIABLE,
    body_file,
    cache_folder,
    engine_choices,
    engine_folder,
    engine_python,
)
from tar_blender.engine.setup import READY, environment_python
from tar_blender.operators import engine as engine_operators
from tar_blender.panels import preferences
from tar_blender.panels.preferences import TARPreferences
from tar_core.errors import TarError
from tests.support.paths import PYTHON


@pytest.fixture
def addon(empty_scene: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[TARPreferences]:
    """The preferences of the add-on as if it were enabled."""
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    engine_operators.register()
    preferences.register()
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    yield entry.preferences
    bpy.context.preferences.addons.remove(entry)
    preferences.unregister()
    engine_operators.unregister()


def test_engine_python_is_the_preferences(addon: TARPreferences) -> None:
    with pytest.raises(TarError, match="Set Up Engine"):
        engine_python(bpy.context)
    addon.engine_python = str(PYTHON)
    assert engine_python(bpy.context) == PYTHON


def test_variable_comes_before_the_preference(addon: TARPreferences, monkeypatch: pytest.MonkeyPatch) -> None:
    addon.engine_python = "/gone/python"
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert engine_python(bpy.context) == PYTHON


def test_engine_that_was_set_up_comes_last(
    addon: TARPreferences, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(user_paths, "engine_folder", lambda: tmp_path)
    (tmp_path / READY).write_text('{"tar_core": "0.1.0", "torch": "2.13.0", "device": "cpu", "seconds": 2.0}')
    python = environment_python(tmp_path)
    python.parent.mkdir()
    python.symlink_to(PYTHON)
    assert engine_python(bpy.context) == python
    addon.engine_python = str(PYTHON)
    assert engine_python(bpy.context) == PYTHON


def test_own_folders_are_the_users() -> None:
    assert engine_folder().is_absolute() and engine_folder() != cache_folder(bpy.context)


def test_choices_for_the_engine(addon: TARPreferences, tmp_path: Path) -> None:
    assert engine_choices(bpy.context) == {"device": "auto", "checkpoint": None, "threads": None}
    addon.device, addon.threads, addon.checkpoint = "cpu", 3, str(tmp_path / "mine.safetensors")
    with pytest.raises(TarError, match="no such network"):
        engine_choices(bpy.context)
    (tmp_path / "mine.safetensors").touch()
    assert engine_choices(bpy.context) == {"device": "cpu", "checkpoint": addon.checkpoint, "threads": 3}


def test_body_file(addon: TARPreferences, tmp_path: Path) -> None:
    assert body_file(bpy.context) is None
    addon.body_file = str(tmp_path / "SMPL_MALE.npz")
    with pytest.raises(TarError, match="no such SMPL body file"):
        body_file(bpy.context)
    (tmp_path / "SMPL_MALE.npz").touch()
    assert body_file(bpy.context) == addon.body_file


def test_scripts_do_without_preferences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(PYTHON))
    assert engine_python(bpy.context) == PYTHON
    assert body_file(bpy.context) is None and engine_choices(bpy.context) == {}


def test_cache_is_cleared(addon: TARPreferences, tmp_path: Path) -> None:
    addon.cache_folder = str(tmp_path)
    assert cache_folder(bpy.context) == tmp_path
    assert not bpy.ops.tar.clear_cache.poll()
    keep_motion(b"walking", Path("walk.mp4"), tmp_path)
    assert bpy.ops.tar.clear_cache() == {"FINISHED"}
    assert not list(tmp_path.iterdir())
