"""The settings of the Retarget panel."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine import paths
from tar_blender.retarget.bone_maps import KNOWN
from tar_blender.scene.build import import_clip
from tests.support.characters import make_character, walking_clip
from tests.support.import_options import raw_options


@pytest.fixture(autouse=True)
def registered(empty_scene: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(paths, "_own_folder", lambda name: tmp_path / name)
    tar_blender.register()
    yield
    tar_blender.unregister()


@pytest.fixture
def person() -> bpy.types.Object:
    return import_clip(walking_clip(), bpy.context, raw_options(figure="armature", show_video=False)).people[0].armature


def test_choosing_a_character_fills_the_bone_list(person: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    settings.character = make_character(person, KNOWN["Mixamo"])
    assert settings.kind == "Mixamo" and settings.bone_map() == KNOWN["Mixamo"]
    settings.character = None
    assert settings.kind == "" and settings.bone_map() == {}


def test_source_is_the_chosen_person_or_else_the_active_one(person: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    character = make_character(person, KNOWN["Mixamo"])
    assert settings.source(None) is None and settings.source(character) is None
    assert settings.source(person) == person
    settings.person = person
    assert settings.source(character) == person
