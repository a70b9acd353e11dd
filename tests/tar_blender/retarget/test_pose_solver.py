"""Bones reach the person's joints whatever the flags of the bones and the pose of the bones without a joint."""

from collections.abc import Callable

import bpy
import pytest
from mathutils import Quaternion

from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.pose_solver import carrier_of
from tar_blender.retarget.retarget import retarget
from tests.support.characters import add_root, editing, joint_errors, make_character

BONES = KNOWN["Mixamo"]


def _connect_hips(character: bpy.types.Object) -> None:
    with editing(character) as bones:
        bones["Root"].tail = bones["Hips"].head
        bones["Hips"].use_connect = True
    assert carrier_of(character, BONES) == "Root"


def _location_in_armature_space(character: bpy.types.Object) -> None:
    character.data.bones["Hips"].use_local_location = False


def _location_below_a_posed_root(character: bpy.types.Object) -> None:
    character.data.bones["Hips"].use_local_location = False
    character.pose.bones["Root"].rotation_quaternion = Quaternion((1, 0, 0), 1.0)


def _no_inherited_rotation(character: bpy.types.Object) -> None:
    for bone in ("Hips", "LeftUpLeg", "RightArm"):
        character.data.bones[bone].use_inherit_rotation = False
    character.pose.bones["Root"].rotation_quaternion = Quaternion((0, 0, 1), 1.0)


def _posed_root(character: bpy.types.Object) -> None:
    root = character.pose.bones["Root"]
    root.location, root.rotation_quaternion = (0.5, -0.4, 0.7), Quaternion((1, 2, 3), 0.9)


def _scaled_root(character: bpy.types.Object) -> None:
    """The root makes a character of half the size as large as before."""
    character.scale = (0.5, 0.5, 0.5)
    character.pose.bones["Root"].scale = (2, 2, 2)
    for bone, inherited in (("LeftHand", "NONE"), ("RightHand", "AVERAGE"), ("Head", "ALIGNED")):
        character.data.bones[bone].inherit_scale = inherited


def _feet_and_hand_apart(character: bpy.types.Object) -> None:
    """As exported from a rig in which IK moves the feet, and below another pose than that of the legs."""
    with editing(character) as bones:
        bones["LeftFoot"].parent = bones["RightFoot"].parent = bones["Root"]
        bones["RightHand"].parent = bones["Spine"]
    character.data.bones["RightFoot"].use_local_location = False
    _posed_root(character)


CHANGES = [
    _connect_hips,
    _location_in_armature_space,
    _location_below_a_posed_root,
    _no_inherited_rotation,
    _posed_root,
    _scaled_root,
    _feet_and_hand_apart,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_state_of_the_bones_counts(walker: bpy.types.Object, change: Callable[[bpy.types.Object], None]) -> None:
    character = make_character(walker, BONES)
    add_root(character, "Hips")
    change(character)
    bpy.context.view_layer.update()
    baked = retarget(walker, character, BONES)
    errors = joint_errors(walker, character, BONES)
    assert max(errors.values()) < 0.02, errors
    assert not baked.deviations and not baked.muted
