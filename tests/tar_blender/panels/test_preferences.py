"""The add-on's preferences."""

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE
from tar_blender.panels.preferences import TARPreferences
from tests.support.layout import RecordingLayout


def drawn(context: bpy.types.Context) -> RecordingLayout:
    layout = RecordingLayout()
    draw_cache = TARPreferences._draw_cache
    threads = context.preferences.addons[ADDON].preferences.threads
    owner = SimpleNamespace(
        layout=layout, threads=threads, _draw_cache=lambda *arguments: draw_cache(owner, *arguments)
    )
    TARPreferences.draw(owner, context)
    return layout


def test_every_preference_is_drawn(preferences: TARPreferences) -> None:
    shown = drawn(bpy.context).properties
    assert set(TARPreferences.__annotations__) <= set(shown)


def test_automatic_number_of_threads_is_explained(preferences: TARPreferences) -> None:
    about = "0: half of the CPU's threads"
    assert about in drawn(bpy.context).labels
    preferences.threads = 4
    assert about not in drawn(bpy.context).labels


def test_size_of_the_cache_is_shown(preferences: TARPreferences, tmp_path: Path) -> None:
    preferences.cache_folder = str(tmp_path)
    assert "0 captured motions, 0.0 MB" in drawn(bpy.context).labels
    (tmp_path / "walk-01234567.tar.npz").write_bytes(bytes(2_000_000))
    assert "1 captured motion, 2.0 MB" in drawn(bpy.context).labels


def test_variable_that_overrides_the_python_is_mentioned(
    preferences: TARPreferences, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(PYTHON_VARIABLE in label for label in drawn(bpy.context).labels)
    monkeypatch.setenv(PYTHON_VARIABLE, "python")
    assert any(PYTHON_VARIABLE in label for label in drawn(bpy.context).labels)
