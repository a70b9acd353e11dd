"""IK controls are found by the names of known rigs, or by the constraints of the limbs."""

import bpy
import pytest

from tar_blender.retarget.bone_maps import find_bones
from tar_blender.retarget.ik_limbs import find_ik_limbs, fk_settings
from tar_blender.retarget.known_rigs import AUTO_RIG_PRO, KNOWN, MIXAMO_CONTROLS
from tests.support.characters import add_ik, add_root, editing, make_character

MIXAMO = KNOWN["Mixamo"]
CONTROLS = {
    AUTO_RIG_PRO: (("c_foot_ik.l", "c_leg_pole.l", "c_toes_ik.l"), ("c_hand_ik.r", "c_arms_pole.r")),
    MIXAMO_CONTROLS: (
        ("Ctrl_Foot_IK_Left", "Ctrl_LegPole_IK_Left", "Ctrl_Toe_IK_Left"),
        ("Ctrl_Hand_IK_Right", "Ctrl_ArmPole_IK_Right"),
    ),
}


@pytest.mark.parametrize("kind", CONTROLS)
def test_known_rigs(walker: bpy.types.Object, kind: str) -> None:
    character = make_character(walker, KNOWN[kind])
    foot, hand = CONTROLS[kind]
    with editing(character) as edit_bones:
        for name in (*foot, *hand):
            edit_bones.new(name).tail = (0, 0, 1)
    for name in (foot[0], hand[0]):
        character.pose.bones[name]["ik_fk_switch"] = 0.5
    found, bones = find_bones([bone.name for bone in character.data.bones])
    assert found == kind
    leg, arm = find_ik_limbs(character, bones, kind)
    assert (leg.name, leg.target, leg.pole, leg.others) == ("left leg", *foot[:2], {foot[2]: "left_foot"})
    assert (arm.name, arm.target, arm.pole, arm.others) == ("right arm", *hand, {})
    paths = {f'pose.bones["{name}"]["ik_fk_switch"]' for name in (foot[0], hand[0])}
    assert fk_settings(character, bones, kind) == dict.fromkeys(paths, 1.0)
    character.pose.bones[foot[0]]["ik_fk_switch"] = "text"
    assert [limb.name for limb in find_ik_limbs(character, bones, kind)] == ["right arm"]


def test_constraints_of_other_rigs(walker: bpy.types.Object) -> None:
    character = make_character(walker, MIXAMO)
    add_root(character, "Hips")
    add_ik(character, "LeftUpLeg", "LeftLeg", "LeftFoot", parent="Root")
    (leg,) = find_ik_limbs(character, MIXAMO, "Mixamo")
    ik = character.pose.bones["LeftLeg"].constraints[0]
    assert (leg.name, leg.target, leg.pole) == ("left leg", "LeftFoot IK", "LeftFoot Pole")
    assert [constraint.type for constraint in leg.constraints] == ["IK", "COPY_ROTATION"]
    assert set(leg.settings.values()) == {(1.0, 0.0)}
    ik.pole_target = None
    assert find_ik_limbs(character, MIXAMO, "Mixamo")[0].pole is None
    driver = ik.driver_add("influence").driver
    driver.expression = "frame"
    assert not find_ik_limbs(character, MIXAMO, "Mixamo"), "an influence that no property determines"
    ik.driver_remove("influence")
    ik.chain_count = 3
    assert not find_ik_limbs(character, MIXAMO, "Mixamo")
