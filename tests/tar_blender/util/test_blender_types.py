"""Blender's data with definite types."""

import bpy
import pytest

from tar_blender.util.blender_types import data_of, find_object, pose_bones, preferences_of, scene_of, view_layer_of


def test_data_of_the_right_type_is_returned() -> None:
    bpy.ops.object.armature_add()
    armature = bpy.context.object
    assert data_of(armature, bpy.types.Armature) == armature.data
    assert pose_bones(armature).keys() == ["Bone"]


def test_data_of_another_type_is_an_error() -> None:
    empty = bpy.data.objects.new("Empty", None)
    with pytest.raises(AssertionError, match="Empty"):
        data_of(empty, bpy.types.Armature)
    with pytest.raises(AssertionError, match="Empty"):
        pose_bones(empty)


def test_members_of_the_context_are_returned() -> None:
    assert scene_of(bpy.context) == bpy.context.scene
    assert view_layer_of(bpy.context) == bpy.context.view_layer
    assert preferences_of(bpy.context) == bpy.context.preferences


def test_objects_are_found_by_name() -> None:
    empty = bpy.data.objects.new("Empty", None)
    assert find_object("Empty") == empty
    assert find_object("Camera") is None
