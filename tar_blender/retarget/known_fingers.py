"""Bones of the fingers of common rigs, by the joints of SMPL-H."""

from tar_core.skeleton import HAND_JOINT_NAMES

from .known_rigs import RIGIFY, SMPL, BoneMap

_ENGLISH = {"index": "Index", "middle": "Middle", "pinky": "Pinky", "ring": "Ring", "thumb": "Thumb"}
_LITTLE = _ENGLISH | {"pinky": "Little"}
_MID = _ENGLISH | {"middle": "Mid"}
_LOWER = {finger: finger for finger in _ENGLISH}
_RIGIFY = {finger: finger if finger == "thumb" else f"f_{finger}" for finger in _ENGLISH}
_MMD = {"index": "人指", "middle": "中指", "pinky": "小指", "ring": "薬指", "thumb": "親指"}
_VRCHAT = {finger: name if finger == "thumb" else f"{name}Finger" for finger, name in _LITTLE.items()}
_MAKEHUMAN = {"thumb": "1", "index": "2", "middle": "3", "ring": "4", "pinky": "5"}
_NUMBERS = ("1", "2", "3")
_UNITY = ("Proximal", "Intermediate", "Distal")
_FULL_WIDTH = ("１", "２", "３")


def _fingers(
    pattern: str,
    names: dict[str, str],
    sides: tuple[str, str],
    numbers: tuple[str, ...] = _NUMBERS,
    thumb_numbers: tuple[str, ...] | None = None,
) -> BoneMap:
    """Return the bones of all fingers: `pattern` with the side, the name of the finger and the number of the joint."""
    bones = {}
    for joint in HAND_JOINT_NAMES:
        side, _, part = joint.partition("_")
        finger, number = part[:-1], int(part[-1]) - 1
        chosen = thumb_numbers if finger == "thumb" and thumb_numbers else numbers
        sign = sides[("left", "right").index(side)]
        bones[joint] = pattern.format(side=sign, finger=names[finger], number=chosen[number])
    return bones


_MIXAMO = _fingers("{side}Hand{finger}{number}", _ENGLISH, ("Left", "Right"))
_RIGIFY_BONES = _fingers("{finger}.0{number}.{side}", _RIGIFY, ("L", "R"))
_DAZ = _fingers("{side}{finger}{number}", _MID, ("l", "r"))

# By the kind of rig, as in known_rigs.KNOWN.
KNOWN_FINGERS: dict[str, BoneMap] = {
    SMPL: {name: name for name in HAND_JOINT_NAMES},
    RIGIFY: _RIGIFY_BONES,
    "Rigify Meta-Rig": _RIGIFY_BONES,
    "Mixamo": _MIXAMO,
    "Unreal Mannequin": _fingers("{finger}_0{number}_{side}", _LOWER, ("l", "r")),
    "VRM (VRoid)": _fingers("J_Bip_{side}_{finger}{number}", _LITTLE, ("L", "R")),
    "Unity Humanoid": _fingers("{side}{finger}{number}", _LITTLE, ("Left", "Right"), _UNITY),
    "Auto-Rig Pro": _fingers("c_{finger}{number}.{side}", _LOWER, ("l", "r")),
    "CMU": _MIXAMO,
    "VRChat": _fingers("{finger}{number}_{side}", _VRCHAT, ("L", "R"), thumb_numbers=("0", "1", "2")),
    "MMD": _fingers("{side}{finger}{number}", _MMD, ("左", "右"), _FULL_WIDTH, ("０", "１", "２")),
    "MMD (mmd_tools)": _fingers("{finger}{number}.{side}", _MMD, ("L", "R"), _FULL_WIDTH, ("０", "１", "２")),
    "Daz Genesis 1 and 2": _DAZ,
    "Daz Genesis 3 and 8": _DAZ,
    "Daz Genesis 9": _fingers("{side}_{finger}{number}", {k: v.lower() for k, v in _MID.items()}, ("l", "r")),
    "Character Creator": _fingers("CC_Base_{side}_{finger}{number}", _MID, ("L", "R")),
    "MakeHuman": _fingers("finger{finger}-{number}.{side}", _MAKEHUMAN, ("L", "R")),
}
