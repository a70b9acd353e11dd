"""The operators of the Retarget panel."""

import bpy
import pytest

from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.saved_maps import saved_maps
from tests.support.characters import heads_of, make_character
from tests.tar_blender.retarget.test_retarget import WITHOUT_HANDS

pytestmark = pytest.mark.usefixtures("registered")


def test_motion_is_baked_to_the_chosen_character(walker: bpy.types.Object) -> None:
    assert not bpy.ops.tar.retarget.poll()
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = walker, make_character(walker, KNOWN["Mixamo"])
    assert settings.kind == "Mixamo" and settings.bone_map() == KNOWN["Mixamo"]
    before = heads_of(settings.character, KNOWN["Mixamo"], 20)
    assert bpy.ops.tar.retarget() == {"FINISHED"}
    after = heads_of(settings.character, KNOWN["Mixamo"], 20)
    assert abs(after["left_wrist"] - before["left_wrist"]).max() > 0.1


def test_interference_is_refused_or_muted_and_listed(walker: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = walker, make_character(walker, KNOWN["Mixamo"])
    settings.character.data.pose_position = "REST"
    settings.mute_interference = False
    with pytest.raises(RuntimeError, match="Rest Position of the armature would change the motion"):
        bpy.ops.tar.retarget()
    settings.mute_interference = True
    assert bpy.ops.tar.retarget() == {"FINISHED"}
    assert (settings.muted, settings.deviations) == ("Rest Position of the armature", "")


def test_only_person_is_the_default(walker: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    settings.character = make_character(walker, KNOWN["Mixamo"])
    bpy.context.view_layer.objects.active = settings.character
    assert settings.source(settings.character) == walker
    assert bpy.ops.tar.retarget() == {"FINISHED"}
    assert settings.character.animation_data.action is not None


def test_active_one_of_several_people_is_the_default(walker: bpy.types.Object) -> None:
    other = walker.copy()
    bpy.context.collection.objects.link(other)
    settings = bpy.context.scene.tar_retarget
    settings.character = make_character(walker, KNOWN["Mixamo"])
    bpy.context.view_layer.objects.active = settings.character
    assert not bpy.ops.tar.retarget.poll()
    bpy.context.view_layer.objects.active = walker
    assert bpy.ops.tar.retarget() == {"FINISHED"}
    assert settings.character.animation_data.action is not None and settings.person is None


def test_missing_bone_is_reported_and_nothing_changes(walker: bpy.types.Object) -> None:
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = walker, make_character(walker, KNOWN["Mixamo"])
    settings.bones["left_knee"].bone = ""
    with pytest.raises(RuntimeError, match="no bone for left_knee"):
        bpy.ops.tar.retarget()
    assert settings.character.animation_data is None
    bpy.ops.tar.find_bones()
    assert settings.bones["left_knee"].bone == "LeftLeg"


def test_saved_bones_are_recognized_next_time(walker: bpy.types.Object) -> None:
    names = {name: f"Joint {index}" for index, name in enumerate(WITHOUT_HANDS)}
    settings = bpy.context.scene.tar_retarget
    settings.person, settings.character = walker, make_character(walker, names)
    assert settings.kind == "Guessed" and settings.bone_map() == {}
    for joint, bone in names.items():
        settings.bones[joint].bone = bone
    assert bpy.ops.tar.save_bone_map(map_name="My Character") == {"FINISHED"}
    assert saved_maps() == {"My Character": names}
    settings.character = None
    assert len(settings.bones) == 0
    settings.character = bpy.data.objects["Character"]
    assert settings.kind == "My Character" and settings.bone_map() == names
