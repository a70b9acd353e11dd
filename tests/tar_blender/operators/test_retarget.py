"""The operators of the Retarget panel."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine import paths as user_paths
from tar_blender.retarget.bone_maps import KNOWN
from tar_blender.retarget.saved_maps import saved_maps
from tar_blender.scene.build import import_clip
from tests.support.characters import heads_of, make_character, walking_clip
from tests.support.import_options import raw_options
from tests.tar_blender.retarget.test_retarget import WITHOUT_HANDS


@pytest.fixture(autouse=True)
def registered(empty_scene: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(user_paths, "_own_folder", lambda name: tmp_path / name)
    tar_blender.register()
    yield
    tar_blender.unregister()


@pytest.fixture
def person() -> bpy.types.Object:
    return import_clip(walking_clip(), bpy.context, raw_options(figure="armature", show_video=False)).people[0].armature


def test_motion_is_baked_to_the_chosen_character(person: bpy.types.Object) -> None:
    assert not bpy.ops.tar.retarget.poll()
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = person, make_character(person, KNOWN["Mixamo"])
    assert settings.kind == "Mixamo" and settings.bone_map() == KNOWN["Mixamo"]
    before = heads_of(settings.character, KNOWN["Mixamo"], 20)
    assert bpy.ops.tar.retarget() == {"FINISHED"}
    after = heads_of(settings.character, KNOWN["Mixamo"], 20)
    assert abs(after["left_wrist"] - before["left_wrist"]).max() > 0.1


def test_active_person_is_the_default(person: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    settings.character = make_character(person, KNOWN["Mixamo"])
    bpy.context.view_layer.objects.active = settings.character
    assert not bpy.ops.tar.retarget.poll()
    bpy.context.view_layer.objects.active = person
    assert bpy.ops.tar.retarget() == {"FINISHED"}
    assert settings.character.animation_data.action is not None and settings.person is None


def test_missing_bone_is_reported_and_nothing_changes(person: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = person, make_character(person, KNOWN["Mixamo"])
    settings.bones["left_knee"].bone = ""
    with pytest.raises(RuntimeError, match="no bone for left_knee"):
        bpy.ops.tar.retarget()
    assert settings.character.animation_data is None
    bpy.ops.tar.find_bones()
    assert settings.bones["left_knee"].bone == "LeftLeg"


def test_saved_bones_are_recognized_next_time(person: bpy.types.Object) -> None:
    names = {name: f"Joint {index}" for index, name in enumerate(WITHOUT_HANDS)}
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = person, make_character(person, names)
    assert settings.kind == "Guessed" and settings.bone_map() == {}
    for joint, bone in names.items():
        settings.bones[joint].bone = bone
    assert bpy.ops.tar.save_bone_map(map_name="My Character") == {"FINISHED"}
    assert saved_maps() == {"My Character": names}
    settings.character = None
    assert len(settings.bones) == 0
    settings.character = bpy.data.objects["Character"]
    assert settings.kind == "My Character" and settings.bone_map() == names
