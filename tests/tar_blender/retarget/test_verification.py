"""Bones that are not where they should be are reported with the likely cause."""

import bpy
import pytest

from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.retarget import retarget
from tests.support.characters import add_root, editing, make_character

BONES = KNOWN["Mixamo"]


@pytest.fixture
def character(walker: bpy.types.Object) -> bpy.types.Object:
    made = make_character(walker, BONES)
    add_root(made, "Hips")
    return made


def test_frame_is_restored(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    bpy.context.scene.frame_set(7)
    assert not retarget(walker, character, BONES).deviations
    assert bpy.context.scene.frame_current == 7


def test_moving_parent_is_reported(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    parent = bpy.data.objects.new("Cart", None)
    bpy.context.scene.collection.objects.link(parent)
    character.parent = parent
    for frame in (1, 48):
        parent.location.x = frame / 48
        parent.keyframe_insert("location", frame=frame)
    deviations = retarget(walker, character, BONES).deviations
    assert {each.bone for each in deviations} >= {"Hips", "Head", "LeftFoot"}
    assert deviations[0].distance > 0.3 and "Character or its parent moves as an object" in str(deviations[0])


def test_unevenly_scaled_parent_is_reported(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    character.pose.bones["Root"].scale = (1, 1.6, 1)
    bpy.context.view_layer.update()
    deviations = retarget(walker, character, BONES).deviations
    assert deviations and "the scale of Root is uneven" in str(deviations[0])


def test_bone_outside_the_hierarchy_is_reported(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    with editing(character) as bones:
        bones["LeftForeArm"].parent = None
    deviation = retarget(walker, character, BONES).deviations[0]
    assert deviation.bone == "LeftForeArm" and "not below LeftArm" in deviation.cause
