"""Bone maps saved as JSON files."""

from pathlib import Path

import pytest

from tar_blender.engine import paths
from tar_blender.retarget.saved_maps import save_map, saved_maps
from tar_core.errors import TarError


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)


def test_saved_maps_are_loaded_by_name() -> None:
    assert saved_maps() == {}
    path = save_map("My Rig", {"pelvis": "Hips", "head": "Head"})
    assert path.name == "My Rig.json"
    assert saved_maps() == {"My Rig": {"pelvis": "Hips", "head": "Head"}}


def test_names_without_letters_are_rejected() -> None:
    with pytest.raises(TarError, match="name"):
        save_map("../..:", {"pelvis": "Hips"})


def test_names_lose_characters_that_are_not_allowed_in_file_names() -> None:
    assert save_map("a/b", {"pelvis": "Hips"}).name == "ab.json"


def test_unreadable_files_and_unknown_joints_are_skipped(tmp_path: Path) -> None:
    save_map("good", {"pelvis": "Hips"})
    (tmp_path / "bone_maps" / "broken.json").write_text("{")
    (tmp_path / "bone_maps" / "other.json").write_text('{"tail": "Tail"}')
    (tmp_path / "bone_maps" / "list.json").write_text("[]")
    assert saved_maps() == {"good": {"pelvis": "Hips"}}
