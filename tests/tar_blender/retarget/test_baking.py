"""Actions that fit the rotation modes, the names and the other actions of a character."""

import bpy
import numpy as np
import pytest

from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.retarget import retarget
from tar_blender.scene.fcurves import curves_of
from tests.support.characters import joint_errors, make_character, rotations_of

BONES = KNOWN["Mixamo"]


@pytest.fixture
def character(walker: bpy.types.Object) -> bpy.types.Object:
    return make_character(walker, BONES)


@pytest.mark.parametrize("mode", ["XYZ", "ZXY", "AXIS_ANGLE"])
def test_rotation_mode_is_kept_and_continuous(walker: bpy.types.Object, character: bpy.types.Object, mode: str) -> None:
    for bone in character.pose.bones:
        bone.rotation_mode = mode
    assert not retarget(walker, character, BONES).deviations
    assert max(joint_errors(walker, character, BONES).values()) < 0.02
    assert {bone.rotation_mode for bone in character.pose.bones} == {mode}
    for curve in curves_of(character):
        values = np.array([point.co[1] for point in curve.keyframe_points])
        if curve.data_path.endswith("rotation_euler") and "Hips" in curve.data_path:
            assert np.abs(np.diff(values)).max() < 1, "a full turn without a jump"


def test_old_euler_action_looks_as_before(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    arm = character.pose.bones["LeftArm"]
    arm.rotation_mode = "XYZ"
    arm.rotation_euler = (0.4, 1.2, -2.0)
    arm.keyframe_insert("rotation_euler", frame=1)
    old = character.animation_data.action
    slot = getattr(character.animation_data, "action_slot", None)
    before = rotations_of(character, BONES, 1)
    retarget(walker, character, BONES)
    character.animation_data.action = old
    if slot is not None:
        character.animation_data.action_slot = slot
    after = rotations_of(character, BONES, 1)
    relative = {}
    for pose, at in ((before, 0), (after, 1)):
        relative[at] = pose["left_collar"].inverted() @ pose["left_shoulder"]
    assert (relative[0].inverted() @ relative[1]).to_quaternion().angle < 0.01


def test_left_over_location_and_scale_are_reset(walker: bpy.types.Object, character: bpy.types.Object) -> None:
    character.pose.bones["LeftUpLeg"].location = (0.2, 0, 0.3)
    character.pose.bones["Spine1"].scale = (1.3, 0.7, 1)
    bpy.context.view_layer.update()
    assert not retarget(walker, character, BONES).deviations
    assert max(joint_errors(walker, character, BONES).values()) < 0.02


def test_quotes_in_bone_names(walker: bpy.types.Object) -> None:
    names = BONES | {"left_elbow": 'Fore"Arm"\\L'}
    character = make_character(walker, names)
    assert not retarget(walker, character, names).deviations
    assert max(joint_errors(walker, character, names).values()) < 0.02
