"""Find the IK controls of a character's arms and legs.

The controls of known rigs are found by their names. In other rigs, a limb has IK if the bone of its knee or elbow has
an IK constraint over two bones whose target is a bone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy

from ..scene.fcurves import custom_property_path
from ..util.blender_types import pose_bones
from .known_rigs import AUTO_RIG_PRO, MIXAMO_CONTROLS, RIGIFY, BoneMap

_LEG, _ARM = ("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")


_NEAR = 0.02  # distance of bones in the same place, as a share of the limb's length


@dataclass(frozen=True)
class IKLimb:
    """An arm or a leg of a character, and what its IK needs.

    Attributes:
        name: for the user, such as `left leg`.
        joints: SMPL's joints of the upper bone, the lower bone, and the foot or hand.
        target: the bone that holds the foot or hand.
        pole: the bone that the knee or elbow points at; None if there is none.
        others: controls below the target -> the joint whose bone they follow, such as that of the toes.
        settings: data paths of properties -> their values for IK and for FK.
        constraints: those of the limb's own bones that follow the target, the IK constraint first; none if the rig has
            other bones for IK.
    """

    name: str
    joints: tuple[str, str, str]
    target: str
    pole: str | None
    others: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    constraints: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Names:
    """The controls of a limb in a known rig; `{}` is replaced by the side."""

    target: str
    pole: str
    switch: tuple[str, str]  # bone and property: 0 for IK, 1 for FK
    toes: str = ""
    pole_switch: str = ""  # property of the same bone: 1 if the pole is used


# For legs and arms.
_KNOWN: dict[str, tuple[_Names, _Names, dict[str, str]]] = {
    RIGIFY: (
        _Names("foot_ik.{}", "thigh_ik_target.{}", ("thigh_parent.{}", "IK_FK"), "toe_ik.{}", "pole_vector"),
        _Names("hand_ik.{}", "upper_arm_ik_target.{}", ("upper_arm_parent.{}", "IK_FK"), "", "pole_vector"),
        {"left": "L", "right": "R"},
    ),
    AUTO_RIG_PRO: (
        _Names("c_foot_ik.{}", "c_leg_pole.{}", ("c_foot_ik.{}", "ik_fk_switch"), "c_toes_ik.{}"),
        _Names("c_hand_ik.{}", "c_arms_pole.{}", ("c_hand_ik.{}", "ik_fk_switch")),
        {"left": "l", "right": "r"},
    ),
    MIXAMO_CONTROLS: (
        _Names("Ctrl_Foot_IK_{}", "Ctrl_LegPole_IK_{}", ("Ctrl_Foot_IK_{}", "ik_fk_switch"), "Ctrl_Toe_IK_{}"),
        _Names("Ctrl_Hand_IK_{}", "Ctrl_ArmPole_IK_{}", ("Ctrl_Hand_IK_{}", "ik_fk_switch")),
        {"left": "Left", "right": "Right"},
    ),
}


def find_ik_limbs(character: bpy.types.Object, bones: BoneMap, kind: str) -> list[IKLimb]:
    """Return the arms and legs of a character that have IK controls.

    Args:
        bones: from `find_bones`, possibly edited.
        kind: the kind of rig, from `find_bones`.
    """
    found = []
    for part, joints in (("leg", _LEG), ("arm", _ARM)):
        for side in ("left", "right"):
            upper, middle, end = (f"{side}_{joint}" for joint in joints)
            if not {upper, middle, end} <= bones.keys():
                continue
            limb = (f"{side} {part}", (upper, middle, end))
            ik = _known(character, kind, *limb, bones) if kind in _KNOWN else _own(character, *limb, bones)
            if ik is not None:
                found.append(ik)
    return found


def ik_bone(character: bpy.types.Object, limb: IKLimb, bones: BoneMap) -> str | None:
    """Return the lower bone that IK poses: that of the limb, or of a rig with other bones for IK, the one in its place.

    None if the rig has no such bone.
    """
    if limb.constraints:
        return bones[limb.joints[1]]
    upper, middle, end = (pose_bones(character)[bones[joint]].bone.head_local for joint in limb.joints)
    near = _NEAR * ((middle - upper).length + (end - middle).length)
    for bone in pose_bones(character):
        has_ik = any(constraint.type == "IK" for constraint in bone.constraints)
        own = bone.bone
        if has_ik and (own.head_local - middle).length < near and (own.tail_local - end).length < near:
            return str(bone.name)
    return None


def fk_settings(character: bpy.types.Object, bones: BoneMap, kind: str) -> dict[str, float]:
    """Return the data paths of the switches between IK and FK of a known rig, with their values for FK."""
    limbs = find_ik_limbs(character, bones, kind) if kind in _KNOWN else []
    return {path: values[1] for limb in limbs for path, values in limb.settings.items()}


def _known(
    character: bpy.types.Object, kind: str, name: str, joints: tuple[str, str, str], bones: BoneMap
) -> IKLimb | None:
    legs, arms, sides = _KNOWN[kind]
    names = legs if name.endswith("leg") else arms
    side = joints[0].partition("_")[0]
    rig = pose_bones(character)
    target, pole, toes = (text.format(sides[side]) for text in (names.target, names.pole, names.toes))
    switch, prop = names.switch[0].format(sides[side]), names.switch[1]
    if target not in rig or switch not in rig or not isinstance(rig[switch].get(prop), (int, float)):
        return None
    settings = {custom_property_path(switch, prop): (0.0, 1.0)}
    if pole in rig and isinstance(rig[switch].get(names.pole_switch), (int, float)):
        settings[custom_property_path(switch, names.pole_switch)] = (1.0, 1.0)
    foot = f"{side}_foot"
    others = {toes: foot} if toes in rig and foot in bones else {}
    return IKLimb(name, joints, target, pole if pole in rig else None, others, settings)


def _own(character: bpy.types.Object, name: str, joints: tuple[str, str, str], bones: BoneMap) -> IKLimb | None:
    rig = pose_bones(character)
    lower: Any = rig[bones[joints[1]]]
    if lower.parent is None or lower.parent.name != bones[joints[0]]:
        return None
    for each in lower.constraints:
        if each.type != "IK" or each.chain_count != 2 or not each.use_tail or each.target != character:
            continue
        if each.subtarget not in rig:
            continue
        has_pole = each.pole_target == character and each.pole_subtarget in rig
        others = [other for joint in joints for other in rig[bones[joint]].constraints if _follows(other, each)]
        constraints = (each, *others)
        switches = [_influence(character, constraint) for constraint in constraints]
        if all(switch is not None for switch in switches):
            settings = {path: (value, 1 - value) for path, value in filter(None, switches)}
            return IKLimb(
                name, joints, each.subtarget, each.pole_subtarget if has_pole else None, {}, settings, constraints
            )
    return None


def _follows(constraint: Any, ik: Any) -> bool:
    """Whether another constraint of a limb has the target of its IK constraint."""
    return bool(
        constraint != ik
        and getattr(constraint, "target", None) == ik.target
        and getattr(constraint, "subtarget", None) == ik.subtarget
    )


def _influence(character: bpy.types.Object, constraint: Any) -> tuple[str, float] | None:
    """Return the data path of what determines the influence of a constraint, and its value for an influence of 1.

    That is the influence itself, or a property of the character that drives it; None if something else drives it.
    """
    path = constraint.path_from_id("influence")
    drivers = character.animation_data.drivers if character.animation_data else ()
    driver = next((curve.driver for curve in drivers if curve.data_path == path), None)
    if driver is None:
        return path, 1.0
    if len(driver.variables) != 1 or driver.variables[0].type != "SINGLE_PROP":
        return None
    (variable,) = driver.variables
    if variable.targets[0].id != character:
        return None
    expression = driver.expression.replace(" ", "") if driver.type == "SCRIPTED" else variable.name
    values = {variable.name: 1.0, f"1-{variable.name}": 0.0, f"1.0-{variable.name}": 0.0}
    return (variable.targets[0].data_path, values[expression]) if expression in values else None
