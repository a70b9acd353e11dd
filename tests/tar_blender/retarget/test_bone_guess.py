"""Bones guessed by names and hierarchy, on skeletons of published characters; needs no Blender."""

from itertools import pairwise

import pytest

from tar_blender.retarget.bone_guess import guess_bones, plain_names, settle_spine
from tar_blender.retarget.bone_maps import find_bones, missing_limbs

# Chains of bones, parents first, and the bones of the trunk that are found: pelvis, spine1 to 3, neck and head. `*` is
# the side; a chain may begin at a bone of another one.
RIGS = {
    "KayKit": (
        ("root hips spine chest head", "chest upperarm.* lowerarm.* wrist.* hand.* handslot.*")
        + ("hips upperleg.* lowerleg.* foot.* toes.*", "root control-toe-roll.* IK-foot.*", "root handIK.*"),
        "hips spine - chest - head",
        "- upperarm.* lowerarm.* wrist.* upperleg.* lowerleg.* foot.* toes.*",
        "l r",
    ),
    "Quaternius": (  # the feet were moved by IK and are not below the shins
        ("Bone Body Hips Abdomen Torso Neck Head", "Torso Shoulder.* UpperArm.* LowerArm.* Palm.*")
        + ("Hips UpperLeg.* LowerLeg.*", "Bone Foot.*", "Bone PoleTarget.*"),
        "Hips Abdomen - Torso Neck Head",
        "Shoulder.* UpperArm.* LowerArm.* Palm.* UpperLeg.* LowerLeg.* Foot.* -",
        "L R",
    ),
    "Synty": (
        ("Root Hips Spine_01 Spine_02 Spine_03 Neck Head", "Spine_03 Clavicle_* Shoulder_* Elbow_* Hand_*")
        + ("Hips UpperLeg_* LowerLeg_* Ankle_* Ball_* Toes_*",),
        "Hips Spine_01 Spine_02 Spine_03 Neck Head",
        "Clavicle_* Shoulder_* Elbow_* Hand_* UpperLeg_* LowerLeg_* Ankle_* Ball_*",
        "L R",
    ),
    "Advanced Skeleton": (
        ("Root_M Spine1_M Chest_M Neck_M Head_M Jaw_M", "Chest_M Scapula_* Shoulder_* Elbow_* Wrist_*")
        + ("Root_M Hip_* Knee_* Ankle_* Toes_*",),
        "Root_M Spine1_M - Chest_M Neck_M Head_M",
        "Scapula_* Shoulder_* Elbow_* Wrist_* Hip_* Knee_* Ankle_* Toes_*",
        "L R",
    ),
    "Roblox R15": (
        ("HumanoidRootPart LowerTorso UpperTorso Head", "UpperTorso *UpperArm *LowerArm *Hand")
        + ("LowerTorso *UpperLeg *LowerLeg *Foot",),
        "LowerTorso - UpperTorso - - Head",
        "- *UpperArm *LowerArm *Hand *UpperLeg *LowerLeg *Foot -",
        "Left Right",
    ),
    "Xsens": (
        ("Pelvis L5 L3 T12 T8 Neck Head", "T8 *Shoulder *UpperArm *ForeArm *Hand")
        + ("Pelvis *UpperLeg *LowerLeg *Foot *Toe",),
        "Pelvis L5 T12 T8 Neck Head",
        "*Shoulder *UpperArm *ForeArm *Hand *UpperLeg *LowerLeg *Foot *Toe",
        "Left Right",
    ),
    "Azure Kinect": (
        ("pelvis spine_naval spine_chest neck head", "spine_chest clavicle_* shoulder_* elbow_* wrist_* hand_*")
        + ("pelvis hip_* knee_* ankle_* foot_*",),
        "pelvis spine_naval - spine_chest neck head",
        "clavicle_* shoulder_* elbow_* wrist_* hip_* knee_* ankle_* -",
        "l r",
    ),
    "asset coop: human": (
        ("stomach chest neck head", "chest arm_up.* arm_low.* hand.*", "stomach hip.* leg_up.* leg_low.* leg_foot.*"),
        "stomach - chest - neck head",
        "- arm_up.* arm_low.* hand.* leg_up.* leg_low.* leg_foot.* -",
        "l r",
    ),
    "asset coop: pajama man": (
        ("torso neck head", "torso arm_upper.* arm_lower.* arm_hand.*", "torso leg_upper.* leg_lower.* leg_foot.*"),
        "torso - - - neck head",
        "- arm_upper.* arm_lower.* arm_hand.* leg_upper.* leg_lower.* leg_foot.* -",
        "l r",
    ),
}
TRUNK = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
PARTS = {"hip": "leg", "shoulder": "arm"}
LIMBS = ("collar", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "foot")


def skeleton(chains: tuple[str, ...], sides: str = "") -> tuple[list[str], dict[str, str]]:
    """The bones of chains, and the parent of each."""
    parents: dict[str, str] = {}
    bones: dict[str, None] = {}
    for side in sides.split() or [""]:
        for chain in chains:
            names = chain.replace("*", side).split()
            bones |= dict.fromkeys(names)
            parents |= {bone: above for above, bone in pairwise(names)}
    return list(bones), parents


@pytest.mark.parametrize("rig", RIGS)
def test_bones_of_published_characters_are_found(rig: str) -> None:
    chains, trunk, limbs, sides = RIGS[rig]
    bones, parents = skeleton(chains, sides)
    expected = {joint: bone for joint, bone in zip(TRUNK, trunk.split(), strict=True) if bone != "-"}
    for side, sign in zip(("left", "right"), sides.split(), strict=True):
        named = zip(LIMBS, limbs.replace("*", sign).split(), strict=True)
        expected |= {f"{side}_{joint}": bone for joint, bone in named if bone != "-"}
    kind, found = find_bones(bones, parents=parents)
    assert (kind, found) == ("Guessed", expected)
    assert not missing_limbs(found)


def test_common_suffix_is_left_out() -> None:
    bones = ["pelvis_jnt", "spine_01_jnt", "L_upperarm_jnt", "R_upperarm_jnt", "cape"]
    assert list(plain_names(bones).values()) == ["pelvis", "spine_01", "L_upperarm", "R_upperarm", "cape"]
    assert guess_bones(bones)["left_shoulder"] == "L_upperarm_jnt"


def test_foot_control_at_the_root_is_not_the_ankle() -> None:
    bones, parents = skeleton(("root hips thigh_* shin_* ankle_* toe_*", "root foot_*"), "L R")
    assert guess_bones(bones, parents)["left_ankle"] == "ankle_L"


@pytest.mark.parametrize(
    ("spine", "expected"),
    [
        ("a", "- a -"),
        ("a b", "a - b"),
        ("a b c", "a b c"),
        ("a b c d", "a c d"),
        ("a b c d e", "a c e"),  # MetaHuman and the mannequins of Unreal 5
    ],
)
def test_spine_of_any_length_follows_the_person_evenly(spine: str, expected: str) -> None:
    """Also if the names tell some joints."""
    _, parents = skeleton((f"hips {spine} head", f"{spine[-1]} arm_*", "hips leg_*"), "l r")
    limbs = {f"{side}_{joint}": f"{part}_{side[0]}" for side in ("left", "right") for joint, part in PARTS.items()}
    for named in ({}, {"spine1": spine[0]}):
        found = settle_spine({"pelvis": "hips", "head": "head"} | limbs | named, parents)
        assert [found.get(f"spine{number}", "-") for number in (1, 2, 3)] == expected.split()


def test_bones_between_hips_and_legs_are_no_spine() -> None:
    """In MMD, the center carries both halves of the body through other bones."""
    _, parents = skeleton(("center groove waist upper upper2 head", "upper2 arm_*", "waist lower leg_*"), "l r")
    limbs = {f"{side}_{joint}": f"{part}_{side[0]}" for side in ("left", "right") for joint, part in PARTS.items()}
    found = settle_spine({"pelvis": "center", "head": "head", "spine1": "upper"} | limbs, parents)
    assert {joint: bone for joint, bone in found.items() if "spine" in joint} == {"spine1": "upper", "spine3": "upper2"}
