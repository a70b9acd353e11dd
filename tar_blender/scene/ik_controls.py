"""IK controls of imported people: bones that hold feet and hands, and bones that knees and elbows point at.

The keys of the person's own bones stay. IK starts from the pose that they give, so the pose with the keys of the
controls is the same pose. A property of each foot's and hand's control, from 0 (FK) to 1 (IK), is the influence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from tar_core.errors import TarError
from tar_core.rotations import continuous_quaternions, matrix_to_quaternion

from ..util.blender_types import data_of, pose_bones
from .armature import edit_mode
from .bone_names import joint_bones
from .control_shapes import BALL, BOX, remove_unused_shapes, set_shape
from .fcurves import (
    add_driver,
    bone_path,
    custom_property_path,
    find_action,
    remove_curves,
    write_bone_curves,
    write_curves,
)
from .keyframes import motion_action, motion_range
from .metadata import check_local, is_part, is_person
from .posed import posed_matrices, shown

INFLUENCE = "ik_fk"  # name of the property in saved files: never change it
COLLECTION = "IK Controls"  # of bones
_CONSTRAINTS = ("TAR IK", "TAR IK Rotation")  # names in saved files: never change them
_POLE_DISTANCE = 0.6  # of a pole from its limb, as a share of the limb's length
_MIN_SINE = 0.3  # of the angle between the pole's direction and the limb; see `pole_positions`
_POLE_LENGTH = 0.08  # of a pole's bone, meters
_SIDE_COLORS = {"left": "THEME07", "right": "THEME02"}  # green and orange; the bones are blue and red


@dataclass(frozen=True)
class Limb:
    """The bones of an arm or a leg, and its controls.

    Attributes:
        bones: upper bone, lower bone, and the foot or hand; in LIMBS, their joints.
        target: the control that holds the foot or hand.
        pole: the control that the knee or elbow points at.
        forward: 1 if the limb bends towards the z axis of its upper bone, -1 if away from it.
    """

    bones: tuple[str, str, str]
    target: str
    pole: str
    forward: float


def _limb(side: str, part: str, joints: Sequence[str], forward: float) -> Limb:
    upper, middle, end = (f"{side}_{joint}" for joint in joints)
    return Limb((upper, middle, end), f"{side}_{part}_ik", f"{middle}_pole", forward)


FEET = tuple(_limb(side, "foot", ("hip", "knee", "ankle"), 1.0) for side in ("left", "right"))
HANDS = tuple(_limb(side, "hand", ("shoulder", "elbow", "wrist"), -1.0) for side in ("left", "right"))
LIMBS = (*FEET, *HANDS)


def _with_bones(limb: Limb, names: Mapping[str, str]) -> Limb:
    """Return a limb with the names that its bones have in an armature, from `joint_bones`."""
    upper, middle, end = (names.get(joint, joint) for joint in limb.bones)
    return replace(limb, bones=(upper, middle, end))


def controlled_limbs(armature: bpy.types.Object) -> list[Limb]:
    """Return the limbs of a person that have IK controls."""
    bones, names = pose_bones(armature), joint_bones(armature)
    return [
        limb
        for limb in (_with_bones(limb, names) for limb in LIMBS)
        if limb.target in bones
        and limb.pole in bones
        and isinstance(bones[limb.target].get(INFLUENCE), (int, float))
        and limb.bones[1] in bones
        and _CONSTRAINTS[0] in bones[limb.bones[1]].constraints
    ]


def add_controls(context: bpy.types.Context, armature: bpy.types.Object, limbs: Iterable[Limb]) -> list[Limb]:
    """Add IK controls to those limbs that have none, with keys that give the present pose; return these limbs.

    Raises:
        TarError: the armature is not a person with a motion, is linked, or has other bones of the same names.
    """
    check_local(armature)
    present = controlled_limbs(armature)
    names = joint_bones(armature)
    added = [limb for limb in (_with_bones(limb, names) for limb in limbs) if limb not in present]
    bones, motion = pose_bones(armature), motion_range(armature)
    if not is_person(armature) or motion is None:
        raise TarError(f"{armature.name}: not an imported person with a motion; choose one from the People list")
    taken = [name for limb in added for name in (limb.target, limb.pole) if name in bones]
    if taken:
        raise TarError(f"{armature.name} has a bone called {taken[0]} already; rename it")
    if added:
        _add_bones(context, armature, added)
        for limb in added:
            _constrain(armature, limb)
        _bake(armature, added)
        _, channels = motion_action(armature, f"{armature.name} Motion")
        for limb in added:
            write_curves(channels, limb.target, influence_path(limb), np.array(motion[:1]), np.ones((1, 1)))
    return added


def update_controls(armature: bpy.types.Object) -> None:
    """Key the controls of a person again so that they give the pose of the person's own keys."""
    _bake(armature, controlled_limbs(armature))


def remove_controls(context: bpy.types.Context, armature: bpy.types.Object) -> list[Limb]:
    """Remove the IK controls, their constraints and keys; return the limbs that had them.

    Raises:
        TarError: the armature is linked.
    """
    check_local(armature)
    limbs = controlled_limbs(armature)
    if not limbs:
        return []
    names = [name for limb in limbs for name in (limb.target, limb.pole)]
    found = find_action(armature, is_part)
    if found is not None:
        _, channels = found
        paths = {bone_path(name, prop) for name in names for prop in ("location", "rotation_quaternion")}
        remove_curves(channels, paths | {influence_path(limb) for limb in limbs})
        for group in [group for group in channels.groups if group.name in names and not group.channels]:
            channels.groups.remove(group)
    for limb in limbs:
        for bone, constraint in _constraints(armature, limb):
            constraint.driver_remove("influence")
            bone.constraints.remove(constraint)
    data: Any = data_of(armature, bpy.types.Armature)
    with shown(armature), edit_mode(context, armature):
        for name in names:
            data.edit_bones.remove(data.edit_bones[name])
    collection = data.collections.get(COLLECTION)
    if collection is not None and not collection.bones:
        data.collections.remove(collection)
    remove_unused_shapes()
    return limbs


def _constraints(armature: bpy.types.Object, limb: Limb) -> list[tuple[bpy.types.PoseBone, bpy.types.Constraint]]:
    """The constraints that the controls of a limb act through, and their bones."""
    bones = [pose_bones(armature)[name] for name in limb.bones[1:]]
    return [(bone, each) for bone in bones for each in bone.constraints if each.name in _CONSTRAINTS]


def influence_path(limb: Limb) -> str:
    """Return the data path of a limb's influence."""
    return custom_property_path(limb.target, INFLUENCE)


def pole_positions(upper: np.ndarray, middle: np.ndarray, end: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """Return positions of a pole [N, 3] with which IK keeps the pose.

    Blender rotates the upper bone about the line from its head to the end of the limb until one of its axes, chosen by
    the pole angle, is in the plane of that line and the pole (`ConstrainPoleVector` of its solver). So the pole is in
    the plane of that line and the axis. It is beside the knee or elbow, and it never changes sides: its direction
    comes from the axis, which a straight limb has too.

    Args:
        upper, middle, end: [N, 3] heads of the three bones.
        forward: [N, 3] the axis of the upper bone, of length 1.
    """
    line = end - upper
    length = np.linalg.norm(line, axis=1, keepdims=True)
    line = line / np.maximum(length, 1e-9)
    along = ((middle - upper) * line).sum(1, keepdims=True)
    aside = forward - (forward * line).sum(1, keepdims=True) * line
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), _MIN_SINE)
    reach = np.linalg.norm(middle - upper, axis=1, keepdims=True) + np.linalg.norm(end - middle, axis=1, keepdims=True)
    return upper + along * line + _POLE_DISTANCE * reach * aside


def _add_bones(context: bpy.types.Context, armature: bpy.types.Object, limbs: Sequence[Limb]) -> None:
    data: Any = data_of(armature, bpy.types.Armature)
    names = [name for limb in limbs for name in (limb.target, limb.pole)]
    with shown(armature), edit_mode(context, armature):
        bones = data.edit_bones
        for limb in limbs:
            upper, middle, end = (bones[name] for name in limb.bones)
            target = bones.new(limb.target)
            target.length = 2 * end.length  # the direction of a bone of length 0 cannot be set
            target.matrix = end.matrix
            heads = [np.array([bone.head]) for bone in (upper, middle, end)]
            (place,) = pole_positions(heads[0], heads[1], heads[2], limb.forward * np.array([upper.z_axis]))
            pole = bones.new(limb.pole)
            pole.head, pole.tail = place, Vector(place) + Vector((0, 0, _POLE_LENGTH))
        for name in names:
            bones[name].use_deform = False
    collection = data.collections.get(COLLECTION) or data.collections.new(COLLECTION)
    for name in names:
        collection.assign(data.bones[name])
        data.bones[name].color.palette = _SIDE_COLORS[name.partition("_")[0]]


def _constrain(armature: bpy.types.Object, limb: Limb) -> None:
    bones = pose_bones(armature)
    _, middle, end = (bones[name] for name in limb.bones)
    target: Any = bones[limb.target]
    set_shape(target, BOX)
    set_shape(bones[limb.pole], BALL)
    target[INFLUENCE] = 1.0
    target.id_properties_ui(INFLUENCE).update(
        min=0.0, max=1.0, description="1: the control holds the limb. 0: the limb follows its own keys"
    )
    ik: Any = middle.constraints.new("IK")
    ik.target = ik.pole_target = armature
    ik.subtarget, ik.pole_subtarget = limb.target, limb.pole
    ik.chain_count = 2
    ik.pole_angle = limb.forward * np.pi / 2
    rotation: Any = end.constraints.new("COPY_ROTATION")
    rotation.target, rotation.subtarget = armature, limb.target
    rotation.target_space = rotation.owner_space = "POSE"
    for constraint, name, bone in zip((ik, rotation), _CONSTRAINTS, limb.bones[1:], strict=True):
        constraint.name = name
        driver = add_driver(armature, f'{bone_path(bone, "constraints")}["{name}"].influence')
        driver.type = "SUM"  # not an expression, so it also works without permission to run scripts
        variable = driver.variables.new()
        variable.targets[0].id = armature
        variable.targets[0].data_path = influence_path(limb)


def _bake(armature: bpy.types.Object, limbs: Sequence[Limb]) -> None:
    """Key the controls of limbs so that they give the pose of the person's own keys."""
    motion = motion_range(armature)
    if motion is None or not limbs:
        return
    frames = np.arange(motion[0], motion[1] + 1)
    constraints = [constraint for limb in limbs for _, constraint in _constraints(armature, limb)]
    before = [constraint.mute for constraint in constraints]
    try:
        for constraint in constraints:
            constraint.mute = True
        names = [name for limb in limbs for name in limb.bones]
        poses = dict(zip(names, posed_matrices(armature, names, frames).swapaxes(0, 1), strict=True))
    finally:
        for constraint, mute in zip(constraints, before, strict=True):
            constraint.mute = mute
    _, channels = motion_action(armature, f"{armature.name} Motion")
    for limb in limbs:
        upper, middle, end = (poses[name] for name in limb.bones)
        forward = limb.forward * upper[:, :3, 2]
        poles = pole_positions(upper[:, :3, 3], middle[:, :3, 3], end[:, :3, 3], forward)
        _write(armature, channels, limb.pole, frames, poles, None)
        _write(armature, channels, limb.target, frames, end[:, :3, 3], end[:, :3, :3])


def _write(
    armature: bpy.types.Object,
    channels: Any,
    bone: str,
    frames: np.ndarray,
    positions: np.ndarray,
    rotations: np.ndarray | None,
) -> None:
    """Replace the keys of a bone without a parent by positions [N, 3] and rotations [N, 3, 3] in the armature."""
    remove_curves(channels, {bone_path(bone, prop) for prop in ("location", "rotation_quaternion")})
    rest: Matrix = data_of(armature, bpy.types.Armature).bones[bone].matrix_local
    axes, head = np.array(rest.to_3x3()), np.array(rest.translation)
    write_bone_curves(channels, bone, "location", frames, (positions - head) @ axes)
    if rotations is not None:
        quaternions = continuous_quaternions(matrix_to_quaternion(axes.T @ rotations))
        write_bone_curves(channels, bone, "rotation_quaternion", frames, quaternions)
