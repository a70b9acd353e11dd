"""Guess the bone of each joint from the names of the bones, and complete the guess by the hierarchy.

Names tell little of trunks: the bones between legs and arms have many names and numbers. So a pelvis without a usual
name, a neck, and the spine are found as the bones that connect the limbs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tar_core.skeleton import JOINT_NAMES, PARENT_NAMES

from .known_rigs import BoneMap

_COMMON = 0.8  # share of the bones that have a prefix or a suffix in common

# Names of bones without side, case and punctuation.
_SYNONYMS = {
    "pelvis": ("hips", "hip", "pelvis", "root", "cog", "center"),
    "spine1": ("spine", "spine1", "spine01", "abdomen", "waist", "lowerback", "torso", "upperbody"),
    "spine2": ("spine1", "spine2", "spine02", "chest", "abdomen2"),
    "spine3": ("spine2", "spine3", "spine03", "upperchest", "chest", "thorax", "upperbody2"),
    "neck": ("neck", "neck1", "neck01"),
    "head": ("head",),
    "collar": ("collar", "clavicle", "collarbone", "scapula", "shoulder"),
    "shoulder": ("upperarm", "armupper", "uparm", "armup", "arm", "shoulder", "humerus"),
    "elbow": ("forearm", "lowerarm", "armlower", "armlow", "elbow", "radius"),
    "wrist": ("hand", "wrist", "armhand", "palm", "fist"),
    "hip": ("thigh", "upleg", "upperleg", "legupper", "legup", "femur", "hip", "leg"),
    "knee": ("shin", "calf", "lowerleg", "leglower", "leglow", "leg", "knee", "tibia"),
    "ankle": ("foot", "ankle", "legfoot", "talus"),
    "foot": ("toe", "toes", "toebase", "toe0", "ball"),
}
_ENDS = ("wrist", "ankle", "foot")  # some rigs have an ankle and a foot: the upper one is at the joint
_ARMS = ("left_collar", "right_collar", "left_shoulder", "right_shoulder")
SPINE = ("spine1", "spine2", "spine3")
_NAMESPACE = re.compile(r"^.*[:|]")  # mixamorig:Hips, Armature|Hips
_PREFIX = re.compile(r"^(mixamorig\d*[:_]?|def[-_]|bip\d*[ _]|valvebiped[._]|b_|bn_)+(?=.)", re.IGNORECASE)
_MIDDLE = re.compile(r"^[mc][._ -]|[._ -][mc]$", re.IGNORECASE)  # Root_M, C_spine
_SIDES = {
    "left": re.compile(r"(?i:^left|left$|^l[._ -]|[._ -]l$|[._ -]l[._ -])|^[lL](?=[A-Z])"),
    "right": re.compile(r"(?i:^right|right$|^r[._ -]|[._ -]r$|[._ -]r[._ -])|^[rR](?=[A-Z])"),
}


def plain_names(bones: Sequence[str]) -> dict[str, str]:
    """Return the bones' names without namespaces, known prefixes, and what nearly all have in common at either end."""
    plain = {bone: _PREFIX.sub("", _NAMESPACE.sub("", bone)) for bone in bones}
    names = list(plain.values())
    starts = [name[: match.end()] for name in names for match in re.finditer(r"[_\-. ](?=.)", name)]
    ends = [name[match.start() :] for name in names for match in re.finditer(r"(?<=.)[_\-. ]", name)]
    start, end = (_longest_common(each, _COMMON * len(bones)) for each in (starts, ends))
    return {bone: name.removeprefix(start).removesuffix(end) for bone, name in plain.items()}


def guess_bones(bones: Sequence[str], parents: Mapping[str, str] | None = None) -> BoneMap:
    """Guess a map; each bone is used at most once.

    Args:
        bones: names of the bones.
        parents: bone -> its parent. Without them, the names decide alone.
    """
    found = _by_name(bones, parents or {})
    return _with_trunk(found, parents) if parents else found


def settle_spine(bones: BoneMap, parents: Mapping[str, str]) -> BoneMap:
    """Distribute the joints of the spine over all its bones, if the map leaves out the upper one or a joint.

    The upper bone carries the arms, so it follows the upper joint. Other bones share the bend of the spine evenly.
    """
    spine = _spine(bones, parents)
    if not spine or (spine[-1] in bones.values() and all(joint in bones for joint in SPINE)):
        return bones
    joints = {1: SPINE[1:2], 2: SPINE[::2]}.get(len(spine), SPINE)
    picked = [spine[index] for index in np.linspace(0, len(spine) - 1, len(joints)).round().astype(int)]
    others = {joint: bone for joint, bone in bones.items() if joint not in SPINE and bone not in picked}
    return in_joint_order(others | dict(zip(joints, picked, strict=True)))


def in_joint_order(bones: BoneMap) -> BoneMap:
    """Return a map of body joints in SMPL's order."""
    return {joint: bones[joint] for joint in JOINT_NAMES if joint in bones}


def ancestors(bone: str, parents: Mapping[str, str]) -> list[str]:
    """Return a bone and all bones above it, from the bottom."""
    chain = [bone]
    while chain[-1] in parents and parents[chain[-1]] not in chain:
        chain.append(parents[chain[-1]])
    return chain


def _by_name(bones: Sequence[str], parents: Mapping[str, str]) -> BoneMap:
    plain = plain_names(bones)
    named = [(bone, *_side_and_part(plain[bone])) for bone in bones]
    found: BoneMap = {}
    for joint in JOINT_NAMES:
        side, _, part = joint.rpartition("_")
        matching = [
            bone
            for synonym in _SYNONYMS.get(part, ())
            for bone, its_side, its_part in named
            if its_side == side and its_part == synonym and bone not in found.values()
        ]
        if matching:
            chains = {bone: ancestors(bone, parents) for bone in matching}
            above = found.get(PARENT_NAMES.get(joint, ""))
            below = [bone for bone in matching if above in chains[bone]] or matching
            found[joint] = min(below, key=lambda bone: len(chains[bone])) if part in _ENDS else below[0]
    return found


def _with_trunk(bones: BoneMap, parents: Mapping[str, str]) -> BoneMap:
    """Add pelvis, spine and neck by the bones that connect the limbs."""
    found = dict(bones)
    pelvis = _connecting(found, ("left_hip", "right_hip"), parents)
    legs = [ancestors(found[joint], parents) for joint in ("left_hip", "right_hip") if joint in found]
    if pelvis is not None and any(found.get("pelvis") not in chain for chain in legs):
        found = {joint: bone for joint, bone in found.items() if bone != pelvis} | {"pelvis": pelvis}
    neck = parents.get(found.get("head", ""))
    chest = _connecting(found, _ARMS, parents)
    if "neck" not in found and neck not in (None, chest, *found.values()) and chest in ancestors(str(neck), parents):
        found["neck"] = str(neck)
    return settle_spine(in_joint_order(found), parents)


def _spine(bones: BoneMap, parents: Mapping[str, str]) -> list[str]:
    """Return the bones from where the legs branch off, without that one, to the bone that carries arms and head."""
    chest = _connecting(bones, (*_ARMS, "neck", "head"), parents)
    if chest is None or _connecting(bones, ("left_hip", "right_hip"), parents) is None:
        return []
    legs = {each for joint in ("left_hip", "right_hip") for each in ancestors(bones[joint], parents)}
    chain = ancestors(chest, parents)
    above = [bone for bone in chain if bone not in legs and bone != bones.get("pelvis")]
    return above[::-1] if len(above) < len(chain) else []


def _connecting(bones: BoneMap, joints: Iterable[str], parents: Mapping[str, str]) -> str | None:
    """Return the lowest bone that is above the bones of all these joints; None if fewer than two have a bone."""
    chains = [ancestors(bones[joint], parents)[1:] for joint in joints if joint in bones]
    shared = [bone for bone in chains[0] if all(bone in chain for chain in chains)] if len(chains) > 1 else []
    return shared[0] if shared else None


def _longest_common(parts: Iterable[str], least: float) -> str:
    return max((part for part, count in Counter(parts).items() if count >= least), key=len, default="")


def _side_and_part(name: str) -> tuple[str, str]:
    """Split a plain name, e.g. `Upper_Arm.L` into `("left", "upperarm")`; the side is empty if the name has none."""
    for side, pattern in _SIDES.items():
        if match := pattern.search(name):
            return side, _letters(f"{name[: match.start()]} {name[match.end() :]}")
    return "", _letters(_MIDDLE.sub("", name))


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())
