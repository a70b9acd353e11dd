"""Bone maps: the bone of a character that corresponds to each SMPL joint.

A map is a dictionary from SMPL's joint names to bone names, without the joints for which a rig has no bone. The maps of
common rigs are known; for others, the map is guessed from the names of the bones.
"""

import re
from collections.abc import Mapping, Sequence

from tar_core.skeleton import JOINT_NAMES

BoneMap = dict[str, str]

RIGIFY = "Rigify"
CONTROL_RIGS = (RIGIFY,)  # their bones are controls, which constraints of the rig connect
SMPL = "SMPL"  # also SMPL-H and SMPL-X, whose add-ons use the same names


def _sided(trunk: Mapping[str, str], limbs: Mapping[str, str], left: str, right: str) -> BoneMap:
    """Return the map of a rig; `{}` in the name of a limb's bone is replaced by the side."""
    sides = {"left": left, "right": right}
    return dict(trunk) | {
        f"{side}_{joint}": bone.format(sign) for side, sign in sides.items() for joint, bone in limbs.items()
    }


_MIXAMO = _sided(
    {"pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2", "neck": "Neck", "head": "Head"},
    {
        "collar": "{}Shoulder",
        "shoulder": "{}Arm",
        "elbow": "{}ForeArm",
        "wrist": "{}Hand",
        "hip": "{}UpLeg",
        "knee": "{}Leg",
        "ankle": "{}Foot",
        "foot": "{}ToeBase",
    },
    "Left",
    "Right",
)

# By the kind of rig. The first map whose bones nearly all exist is used.
KNOWN: dict[str, BoneMap] = {
    SMPL: {name: name for name in JOINT_NAMES},
    RIGIFY: _sided(
        {"pelvis": "torso", "spine2": "spine_fk.002", "spine3": "spine_fk.003", "neck": "neck", "head": "head"},
        {
            "collar": "shoulder.{}",
            "shoulder": "upper_arm_fk.{}",
            "elbow": "forearm_fk.{}",
            "wrist": "hand_fk.{}",
            "hip": "thigh_fk.{}",
            "knee": "shin_fk.{}",
            "ankle": "foot_fk.{}",
            "foot": "toe_fk.{}",
        },
        "L",
        "R",
    ),
    "Rigify Meta-Rig": _sided(
        {
            "pelvis": "spine",
            "spine1": "spine.001",
            "spine2": "spine.002",
            "spine3": "spine.003",
            "neck": "spine.004",
            "head": "spine.006",
        },
        {
            "collar": "shoulder.{}",
            "shoulder": "upper_arm.{}",
            "elbow": "forearm.{}",
            "wrist": "hand.{}",
            "hip": "thigh.{}",
            "knee": "shin.{}",
            "ankle": "foot.{}",
            "foot": "toe.{}",
        },
        "L",
        "R",
    ),
    "Mixamo": _MIXAMO,
    "Unreal Mannequin": _sided(
        {
            "pelvis": "pelvis",
            "spine1": "spine_01",
            "spine2": "spine_02",
            "spine3": "spine_03",
            "neck": "neck_01",
            "head": "head",
        },
        {
            "collar": "clavicle_{}",
            "shoulder": "upperarm_{}",
            "elbow": "lowerarm_{}",
            "wrist": "hand_{}",
            "hip": "thigh_{}",
            "knee": "calf_{}",
            "ankle": "foot_{}",
            "foot": "ball_{}",
        },
        "l",
        "r",
    ),
    "VRM (VRoid)": _sided(
        {
            "pelvis": "J_Bip_C_Hips",
            "spine1": "J_Bip_C_Spine",
            "spine2": "J_Bip_C_Chest",
            "spine3": "J_Bip_C_UpperChest",
            "neck": "J_Bip_C_Neck",
            "head": "J_Bip_C_Head",
        },
        {
            "collar": "J_Bip_{}_Shoulder",
            "shoulder": "J_Bip_{}_UpperArm",
            "elbow": "J_Bip_{}_LowerArm",
            "wrist": "J_Bip_{}_Hand",
            "hip": "J_Bip_{}_UpperLeg",
            "knee": "J_Bip_{}_LowerLeg",
            "ankle": "J_Bip_{}_Foot",
            "foot": "J_Bip_{}_ToeBase",
        },
        "L",
        "R",
    ),
    "Unity Humanoid": _sided(
        {
            "pelvis": "Hips",
            "spine1": "Spine",
            "spine2": "Chest",
            "spine3": "UpperChest",
            "neck": "Neck",
            "head": "Head",
        },
        {
            "collar": "{}Shoulder",
            "shoulder": "{}UpperArm",
            "elbow": "{}LowerArm",
            "wrist": "{}Hand",
            "hip": "{}UpperLeg",
            "knee": "{}LowerLeg",
            "ankle": "{}Foot",
            "foot": "{}Toes",
        },
        "Left",
        "Right",
    ),
    "Daz Genesis 8": _sided(
        {
            "pelvis": "hip",
            "spine1": "abdomenLower",
            "spine2": "abdomenUpper",
            "spine3": "chestUpper",
            "neck": "neckLower",
            "head": "head",
        },
        {
            "collar": "{}Collar",
            "shoulder": "{}ShldrBend",
            "elbow": "{}ForearmBend",
            "wrist": "{}Hand",
            "hip": "{}ThighBend",
            "knee": "{}Shin",
            "ankle": "{}Foot",
            "foot": "{}Toe",
        },
        "l",
        "r",
    ),
    "Daz Genesis 9": _sided(
        {"pelvis": "hip", "spine1": "spine1", "spine2": "spine2", "spine3": "spine4", "neck": "neck1", "head": "head"},
        {
            "collar": "{}_shoulder",
            "shoulder": "{}_upperarm",
            "elbow": "{}_forearm",
            "wrist": "{}_hand",
            "hip": "{}_thigh",
            "knee": "{}_shin",
            "ankle": "{}_foot",
            "foot": "{}_toes",
        },
        "l",
        "r",
    ),
    "Character Creator": _sided(
        {
            "pelvis": "CC_Base_Hip",
            "spine1": "CC_Base_Waist",
            "spine2": "CC_Base_Spine01",
            "spine3": "CC_Base_Spine02",
            "neck": "CC_Base_NeckTwist01",
            "head": "CC_Base_Head",
        },
        {
            "collar": "CC_Base_{}_Clavicle",
            "shoulder": "CC_Base_{}_Upperarm",
            "elbow": "CC_Base_{}_Forearm",
            "wrist": "CC_Base_{}_Hand",
            "hip": "CC_Base_{}_Thigh",
            "knee": "CC_Base_{}_Calf",
            "ankle": "CC_Base_{}_Foot",
            "foot": "CC_Base_{}_ToeBase",
        },
        "L",
        "R",
    ),
    "MakeHuman": _sided(
        {
            "pelvis": "root",
            "spine1": "spine05",
            "spine2": "spine03",
            "spine3": "spine01",
            "neck": "neck01",
            "head": "head",
        },
        {
            "collar": "clavicle.{}",
            "shoulder": "upperarm01.{}",
            "elbow": "lowerarm01.{}",
            "wrist": "wrist.{}",
            "hip": "upperleg01.{}",
            "knee": "lowerleg01.{}",
            "ankle": "foot.{}",
        },
        "L",
        "R",
    ),
}
_MIN_SHARE = 0.9  # of the bones of a known rig

# Names of bones in other rigs, without side, case and punctuation.
_SYNONYMS = {
    "pelvis": ("hips", "hip", "pelvis", "root", "cog"),
    "spine1": ("spine", "spine1", "spine01", "abdomen", "waist", "lowerback", "torso"),
    "spine2": ("spine1", "spine2", "spine02", "chest", "abdomen2"),
    "spine3": ("spine2", "spine3", "spine03", "upperchest", "chest", "thorax"),
    "neck": ("neck", "neck1", "neck01"),
    "head": ("head",),
    "collar": ("collar", "clavicle", "shoulder", "collarbone"),
    "shoulder": ("upperarm", "arm", "uparm", "shoulder", "humerus"),
    "elbow": ("forearm", "lowerarm", "elbow", "radius"),
    "wrist": ("hand", "wrist"),
    "hip": ("thigh", "upleg", "upperleg", "hip", "femur"),
    "knee": ("shin", "calf", "leg", "lowerleg", "knee", "tibia"),
    "ankle": ("foot", "ankle"),
    "foot": ("toe", "toes", "toebase", "ball"),
}
_PREFIX = re.compile(r"^([a-z0-9]+:|mixamorig\d*[:_]|def[-_]|bip\d*[ _]|valvebiped[._]|b_|bn_)+", re.IGNORECASE)
_SIDES = {
    "left": re.compile(r"(?i:^left|left$|^l[._ -]|[._ -]l$|[._ -]l[._ -])|^[lL](?=[A-Z])"),
    "right": re.compile(r"(?i:^right|right$|^r[._ -]|[._ -]r$|[._ -]r[._ -])|^[rR](?=[A-Z])"),
}


def find_bones(bones: Sequence[str], saved: Mapping[str, BoneMap] | None = None) -> tuple[str, BoneMap]:
    """Find the map for the bones of an armature.

    Args:
        bones: names of the bones.
        saved: the user's own maps by name. A map whose bones all exist takes precedence.

    Returns:
        The kind of rig ("Guessed" if it is unknown), and the map.
    """
    existing = set(bones)
    for kind, own in (saved or {}).items():
        if own and existing.issuperset(own.values()):
            return kind, dict(own)
    plain = {_without_prefix(bone): bone for bone in bones}
    for kind, known in KNOWN.items():
        for names in ({bone: bone for bone in existing}, plain):
            found = {joint: names[bone] for joint, bone in known.items() if bone in names}
            if "pelvis" in found and len(found) >= _MIN_SHARE * len(known):
                return kind, found
    return "Guessed", guess_bones(bones)


def guess_bones(bones: Sequence[str]) -> BoneMap:
    """Guess a map from the names of the bones; each bone is used at most once."""
    named = [(bone, *_side_and_part(bone)) for bone in bones]
    found: BoneMap = {}
    for joint in JOINT_NAMES:
        side, _, part = joint.rpartition("_")
        for synonym in _SYNONYMS.get(part, ()):
            match = next((b for b, s, p in named if s == side and p == synonym and b not in found.values()), None)
            if match is not None:
                found[joint] = match
                break
    return found


def _without_prefix(bone: str) -> str:
    return _PREFIX.sub("", bone)


def _side_and_part(bone: str) -> tuple[str, str]:
    """Split a bone's name, e.g. `Upper_Arm.L` into `("left", "upperarm")`; the side is empty if the name has none."""
    name = _without_prefix(bone)
    for side, pattern in _SIDES.items():
        if match := pattern.search(name):
            return side, _letters(f"{name[: match.start()]} {name[match.end() :]}")
    return "", _letters(name)


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
