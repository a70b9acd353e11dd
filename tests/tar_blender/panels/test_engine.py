"""The label of the button that sets up the engine."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tar_blender.engine import paths
from tar_blender.engine.environment import READY_FILE
from tar_blender.panels.engine import set_up_label
from tests.support.engine_setup import INFO


def test_label_depends_on_the_installed_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path)
    assert set_up_label() == "Set Up Engine"
    (tmp_path / READY_FILE).write_text(json.dumps(vars(replace(INFO, options=INFO.options[1:]))))
    assert set_up_label() == "Update Engine"
    (tmp_path / READY_FILE).write_text(json.dumps(vars(INFO)))
    assert set_up_label() == "Set Up Again"
