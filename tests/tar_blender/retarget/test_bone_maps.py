"""Bone maps found by the names of the bones; needs no Blender."""

from itertools import pairwise

import pytest

from tar_blender.retarget.bone_maps import find_bones, guess_bones, missing_limbs
from tar_blender.retarget.known_fingers import KNOWN_FINGERS
from tar_blender.retarget.known_rigs import KNOWN
from tar_core.skeleton import HAND_JOINT_NAMES, JOINT_NAMES

LIMBS = [name for name in JOINT_NAMES if name.startswith(("left_", "right_")) and not name.endswith("_hand")]


@pytest.mark.parametrize("kind", KNOWN)
def test_known_rigs_are_recognized(kind: str) -> None:
    bones = [*KNOWN[kind].values(), "some_cape"]
    assert find_bones(bones) == (kind, KNOWN[kind])
    assert len(set(KNOWN[kind].values())) == len(KNOWN[kind])


@pytest.mark.parametrize(
    "pattern",
    [
        "mixamorig:{}",
        "mixamorig1:{}",
        "mixamorig{}",
        "mixamorig_{}",
        "Armature:{}",
        "hero:rig:{}",
        "Armature|{}",
        "Character1_{}",
        "my-hero-{}",
        "{}.001",
        "Character1_{}.002",
    ],
)
@pytest.mark.parametrize("rig", ["Mixamo", "Unreal Mannequin", "Daz Genesis 1 and 2", "Auto-Rig Pro (exported)"])
def test_prefixes_and_suffixes_are_ignored(pattern: str, rig: str) -> None:
    bones = {joint: pattern.format(bone) for joint, bone in KNOWN[rig].items()}
    assert find_bones(["Armature", *bones.values()]) == (rig, bones)


def test_separators_and_case_do_not_matter() -> None:
    names = [bone.upper().replace(" ", "_") for bone in KNOWN["VRChat"].values()]
    kind, found = find_bones(names)
    assert kind == "VRChat" and found["left_hip"] == "LEFT_LEG" and found["left_knee"] == "LEFT_KNEE"


@pytest.mark.parametrize("upper", ["Shoulder", "Shoulder+Arm"])
def test_shoulder_without_a_collar_is_the_upper_arm(upper: str) -> None:
    """Also of a rig that otherwise looks like Mixamo's; with two bones above the hand, the parents tell."""
    arm = [*upper.split("+"), *(["ForeArm"] if upper == "Shoulder" else []), "Hand"]
    chain = [f"{side}{bone}" for side in ("Left", "Right") for bone in arm]
    trunk = [bone for bone in KNOWN["Mixamo"].values() if not bone.endswith(("Shoulder", "Arm", "Hand"))]
    parents = {bone: above for above, bone in pairwise(chain) if bone[:4] == above[:4]}
    _, found = find_bones([*trunk, *chain], parents=parents)
    for side in ("left", "right"):
        assert f"{side}_collar" not in found
        for joint, bone in zip(("shoulder", "elbow", "wrist"), arm, strict=True):
            assert found[f"{side}_{joint}"] == f"{side.capitalize()}{bone}"
    assert missing_limbs(found) == []


def test_skeleton_of_cmus_database_is_complete() -> None:
    """With the bones between, as in its .asf files."""
    limbs = "{0}hipjoint {0}femur {0}tibia {0}foot {0}toes {0}clavicle {0}humerus {0}radius {0}wrist {0}hand {0}thumb"
    trunk = "root lowerback upperback thorax lowerneck upperneck head"
    kind, found = find_bones([*trunk.split(), *limbs.format("l").split(), *limbs.format("r").split()])
    assert kind == "CMU (ASF)" and len(found) == 22 and not missing_limbs(found)
    assert found["left_hip"] == "lfemur" and found["right_wrist"] == "rwrist"


def test_english_names_of_mmd_are_guessed() -> None:
    limbs = "shoulder_{0} arm_{0} elbow_{0} wrist_{0} leg_{0} knee_{0} ankle_{0}"
    trunk = ["center", "upper body", "upper body2", "neck", "head", "lower body"]
    _, found = find_bones([*trunk, *limbs.format("L").split(), *limbs.format("R").split()])
    assert (found["pelvis"], found["spine1"], found["spine3"]) == ("center", "upper body", "upper body2")
    assert len(found) == 5 + 14 and not missing_limbs(found)


def test_biped_of_3ds_max_is_complete() -> None:
    limbs = {"collar": "Clavicle", "shoulder": "UpperArm", "elbow": "Forearm", "wrist": "Hand"}
    limbs |= {"hip": "Thigh", "knee": "Calf", "ankle": "Foot", "foot": "Toe0"}
    trunk = {"pelvis": "Pelvis", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2"}
    expected = {joint: f"Bip01 {bone}" for joint, bone in (trunk | {"neck": "Neck", "head": "Head"}).items()}
    for side in ("left", "right"):
        expected |= {f"{side}_{joint}": f"Bip01 {side[0].upper()} {bone}" for joint, bone in limbs.items()}
    assert find_bones(["Bip01", *expected.values(), "Bip01 L Toe0Nub"])[1] == expected


def test_arms_with_collars_stay() -> None:
    parents = {"LeftArm": "LeftShoulder", "LeftForeArm": "LeftArm", "LeftHand": "LeftForeArm"}
    assert find_bones(list(KNOWN["Mixamo"].values()), parents=parents) == ("Mixamo", KNOWN["Mixamo"])


def test_missing_limbs_are_named() -> None:
    bones = {joint: bone for joint, bone in KNOWN["Mixamo"].items() if joint not in ("left_elbow", "right_knee")}
    assert missing_limbs(bones) == ["left elbow", "right knee"]


@pytest.mark.parametrize(
    "pattern",
    ["{part}.{s}", "{S}_{part}", "{side}{part}", "{part}_{s}", "{side}_{part}", "{s}{part}"],
)
def test_sides_are_recognized_anywhere_in_the_name(pattern: str) -> None:
    parts = {
        "collar": "Clavicle",
        "shoulder": "UpperArm",
        "elbow": "LowerArm",
        "wrist": "Hand",
        "hip": "Thigh",
        "knee": "Calf",
        "ankle": "Foot",
        "foot": "Toe",
    }
    bones = {
        f"{side}_{joint}": pattern.format(part=part, side=side.capitalize(), s=side[0], S=side[0].upper())
        for side in ("left", "right")
        for joint, part in parts.items()
    }
    trunk = {"pelvis": "Hips", "spine1": "Spine", "spine2": "Chest", "neck": "Neck", "head": "Head"}
    found = guess_bones([*trunk.values(), *bones.values()])
    assert {joint: found[joint] for joint in LIMBS} == bones
    assert trunk.items() <= found.items()


def test_table_has_no_limbs() -> None:
    assert guess_bones(["Top", "FrontLegLeft", "Drawer"]) == {}


@pytest.mark.parametrize("kind", KNOWN_FINGERS)
def test_fingers_of_known_rigs_are_found(kind: str) -> None:
    fingers = KNOWN_FINGERS[kind]
    assert list(fingers) == list(HAND_JOINT_NAMES) and len(set(fingers.values())) == len(fingers)
    missing = {"left_thumb1", "right_pinky3"}
    bones = [*KNOWN[kind].values(), *(bone for joint, bone in fingers.items() if joint not in missing)]
    found_kind, found = find_bones(bones)
    assert found_kind == kind
    assert found == KNOWN[kind] | {joint: bone for joint, bone in fingers.items() if joint not in missing}


def test_fingers_with_a_prefix_are_found() -> None:
    known = KNOWN["Mixamo"] | KNOWN_FINGERS["Mixamo"]
    bones = {joint: f"mixamorig:{bone}" for joint, bone in known.items()}
    assert find_bones(list(bones.values())) == ("Mixamo", bones)
