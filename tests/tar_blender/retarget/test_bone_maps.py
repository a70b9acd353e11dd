"""Bone maps found by the names of the bones; needs no Blender."""

import pytest

from tar_blender.retarget.bone_maps import KNOWN, find_bones, guess_bones
from tar_core.skeleton import JOINT_NAMES

LIMBS = [name for name in JOINT_NAMES if name.startswith(("left_", "right_")) and not name.endswith("_hand")]


@pytest.mark.parametrize("kind", KNOWN)
def test_known_rigs_are_recognized(kind: str) -> None:
    bones = [*KNOWN[kind].values(), "some_cape", "f_index.01.L"]
    assert find_bones(bones) == (kind, KNOWN[kind])
    assert len(set(KNOWN[kind].values())) == len(KNOWN[kind])


@pytest.mark.parametrize("prefix", ["mixamorig:", "mixamorig1:", "Armature:"])
def test_prefixes_are_ignored(prefix: str) -> None:
    bones = [prefix + bone for bone in KNOWN["Mixamo"].values()]
    kind, found = find_bones(bones)
    assert kind == "Mixamo" and found["left_knee"] == f"{prefix}LeftLeg"


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
