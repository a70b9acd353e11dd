"""Operators of IK controls: mode, undo and messages."""

import bpy
import pytest

from tar_blender.scene.ik_controls import FEET, LIMBS, controlled_limbs

pytestmark = pytest.mark.usefixtures("imported")


def test_controls_are_added_in_pose_mode_and_removed() -> None:
    armature = bpy.data.objects["Person 1"]
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    assert bpy.ops.tar.add_ik_controls(person="Person 1") == {"FINISHED"}
    assert controlled_limbs(armature) == list(FEET) and armature.mode == "POSE"
    assert bpy.ops.tar.add_ik_controls(person="Person 1") == {"CANCELLED"}
    assert bpy.ops.tar.add_ik_controls(person="Person 1", limbs="BOTH") == {"FINISHED"}
    assert controlled_limbs(armature) == list(LIMBS)
    assert bpy.ops.tar.remove_ik_controls(person="Person 1") == {"FINISHED"}
    assert not controlled_limbs(armature) and armature.mode == "POSE"


def test_another_armature_in_edit_mode() -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 2"]
    bpy.context.scene.frame_set(20)
    bpy.ops.object.mode_set(mode="EDIT")
    assert bpy.ops.tar.add_ik_controls(person="Person 1", limbs="HANDS") == {"FINISHED"}
    assert bpy.context.view_layer.objects.active == bpy.data.objects["Person 2"]


def test_reimport_keys_the_controls_again() -> None:
    armature = bpy.data.objects["Person 1"]
    bpy.ops.tar.add_ik_controls(person="Person 1", limbs="BOTH")
    bpy.ops.tar.reimport_clip(clip="Dance 01", smoothing=1.0)
    assert controlled_limbs(armature) == list(LIMBS)
    bpy.context.scene.frame_set(20)
    wrist = armature.pose.bones["left_wrist"]
    with_controls = wrist.head.copy()
    bpy.ops.tar.remove_ik_controls(person="Person 1")
    bpy.context.scene.frame_set(20)
    assert (wrist.head - with_controls).length < 1e-4
