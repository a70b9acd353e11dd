"""Names of a person's bones: those of SMPL's and SMPL-H's joints, or names in Blender's style."""

from typing import Any

import bpy

from tar_core.skeleton import ALL_JOINT_NAMES, FINGERS

from ..util.blender_types import data_of

SMPL, BLENDER = "smpl", "blender"  # values of the option Bone Names

_TRUNK = {
    "pelvis": "hips",
    "spine1": "spine",
    "spine2": "chest",
    "spine3": "upper_chest",
    "neck": "neck",
    "head": "head",
}
_LIMBS = {
    "hip": "thigh",
    "knee": "shin",
    "ankle": "foot",
    "foot": "toe",
    "collar": "shoulder",
    "shoulder": "upper_arm",
    "elbow": "forearm",
    "wrist": "hand",
    "hand": "fingers",
}
# As in Rigify.
_FINGERS = {
    f"{finger}{number}": f"{'' if finger == 'thumb' else 'f_'}{finger}.{number:02}"
    for finger in FINGERS
    for number in (1, 2, 3)
}
BLENDER_NAMES = _TRUNK | {
    f"{side}_{joint}": f"{name}.{side[0].upper()}"
    for side in ("left", "right")
    for joint, name in (_LIMBS | _FINGERS).items()
}
_ROOT = "pelvis"


def bone_name(joint: str, style: str) -> str:
    """The name of a joint's bone in a style."""
    return BLENDER_NAMES[joint] if style == BLENDER else joint


def joint_bones(armature: bpy.types.Object) -> dict[str, str]:
    """The bones of a person's armature by SMPL's and SMPL-H's joints, parents before children, in either style.

    The joints that have no bone are left out: a body without fingers has 24 bones.
    """
    bones: Any = data_of(armature, bpy.types.Armature).bones
    style = BLENDER if BLENDER_NAMES[_ROOT] in bones and _ROOT not in bones else SMPL
    names = {joint: bone_name(joint, style) for joint in ALL_JOINT_NAMES}
    return {joint: name for joint, name in names.items() if name in bones}


def rename_bones(armature: bpy.types.Object, style: str) -> None:
    """Give a person's bones the names of a style. Blender corrects actions, vertex groups and constraints."""
    bones: Any = data_of(armature, bpy.types.Armature).bones
    for joint, name in joint_bones(armature).items():
        bones[name].name = bone_name(joint, style)
