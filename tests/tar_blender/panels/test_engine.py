"""The label of the button that sets up the engine."""

import json
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

from tar_blender.engine import paths
from tar_blender.engine.environment import READY_FILE
from tar_blender.engine.paths import EngineProgram
from tar_blender.panels import engine as panel
from tar_blender.panels.engine import set_up_is_offered, set_up_label
from tar_blender.panels.preferences import TARPreferences
from tests.support.engine_setup import INFO
from tests.support.paths import PYTHON


def test_label_depends_on_the_installed_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path)
    assert set_up_label() == "Set Up Engine"
    (tmp_path / READY_FILE).write_text(json.dumps(vars(replace(INFO, options=INFO.options[1:]))))
    assert set_up_label() == "Update Engine"
    (tmp_path / READY_FILE).write_text(json.dumps(vars(INFO)))
    assert set_up_label() == "Set Up Again"


def test_set_up_is_offered_if_the_packages_in_the_extension_do_not_fit_or_for_a_graphics_card(
    preferences: TARPreferences, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path)
    assert set_up_is_offered(bpy.context)
    monkeypatch.setattr(panel, "bundled_program", lambda: EngineProgram(PYTHON))
    assert not set_up_is_offered(bpy.context)
    preferences.use_graphics_card = True
    assert set_up_is_offered(bpy.context)
