"""Key the IK controls of a character so that they give the pose of its FK keys."""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..scene.fcurves import bone_path
from ..scene.ik_controls import pole_positions
from ..scene.posed import posed_matrices
from ..util.blender_types import data_of, pose_bones
from .baking import Bake
from .ik_limbs import IKLimb, ik_bone
from .known_rigs import BoneMap
from .verification import TOLERANCE, Deviation, sampled

_Heads = tuple[np.ndarray, np.ndarray, np.ndarray]

_STRAIGHT = 0.01  # distance of a knee from the line of its leg, as a share of the length, from which its bend decides


def bake_ik(
    character: bpy.types.Object,
    baked: Bake,
    limbs: Sequence[IKLimb],
    bones: BoneMap,
    frames: np.ndarray,
    keep_fk: bool = True,
) -> list[Deviation]:
    """Key the targets, the poles and the switches of limbs, so that IK gives the pose of the FK keys.

    Returns the knees, elbows, feet and hands that IK places elsewhere on sampled frames.

    Args:
        character: with the baked action of the FK controls, and set for FK.
        baked: this action.
        limbs: from `find_ik_limbs`.
        bones: joint -> bone of the FK controls.
        frames: [N] the frames of the action.
        keep_fk: keep the keys of the FK controls. A limb whose own bones have the constraint keeps them anyway: IK
            starts from their pose.
    """
    joints = [joint for limb in limbs for joint in (*limb.joints, *limb.others.values())]
    names = list(dict.fromkeys(bones[joint] for joint in joints))
    fk = dict(zip(names, posed_matrices(character, names, frames).swapaxes(0, 1), strict=True))
    _key(character, baked, frames, {limb.target: _target(character, limb, bones, fk) for limb in limbs})
    for limb in limbs:
        set_ik(character, limb, True)
        for path, (value, _) in limb.settings.items():
            baked.key_setting(path, int(frames[0]), value)
        for bone in _stretching(character, limb, bones):
            baked.key_setting(bone_path(bone, "ik_stretch"), int(frames[0]), 0.0)
    # Controls below the target, now that it is keyed.
    heads = {limb.name: _heads(character, limb, bones, fk) for limb in limbs}
    bends = {limb.name: _pole_directions(character, limb, bones, fk) for limb in limbs if limb.pole is not None}
    following = {limb.pole: _pole(character, limb, heads, bends) for limb in limbs if limb.pole is not None}
    following |= {
        control: _following(character, control, bones[joint], fk)
        for limb in limbs
        for control, joint in limb.others.items()
    }
    _key(character, baked, frames, following)
    bent = _bent_by_ik(character, limbs, bones, frames, heads)
    bends |= {name: turned(bends[name], vectors, heads[name]) for name, vectors in bent.items()}
    missed = {limb.pole: _pole(character, limb, heads, bends) for limb in limbs if limb.name in bent and limb.pole}
    _key(character, baked, frames, missed)
    deviations = [each for limb in limbs for each in _deviations(character, limb, bones, frames, fk)]
    if not keep_fk:
        for limb in limbs:
            for joint in (*limb.joints, *limb.others.values()) if not limb.constraints else ():
                baked.remove_keys(pose_bones(character)[bones[joint]])
    return deviations


def set_ik(character: bpy.types.Object, limb: IKLimb, active: bool) -> None:
    """Set the properties of a limb for IK or for FK."""
    for constraint in limb.constraints:
        constraint.mute = not active
    for path, (for_ik, for_fk) in limb.settings.items():
        value = for_ik if active else for_fk
        if path.endswith("]"):  # a custom property
            owner, _, name = path.rpartition("[")
            holder: Any = character.path_resolve(owner)
            holder[name[1:-2]] = type(holder[name[1:-2]])(value)
        else:
            owner, _, name = path.rpartition(".")
            setattr(character.path_resolve(owner), name, value)


def _deviations(
    character: bpy.types.Object, limb: IKLimb, bones: BoneMap, frames: np.ndarray, fk: dict[str, np.ndarray]
) -> list[Deviation]:
    """Compare the bones that IK poses with those of FK on sampled frames."""
    lower = ik_bone(character, limb, bones)
    if lower is None:
        return []
    indices = sampled(len(frames))
    posed = posed_matrices(character, [lower], frames[indices])[:, 0]
    length = data_of(character, bpy.types.Armature).bones[lower].length
    found = []
    for joint, place in zip(limb.joints[1:], ([0, 0, 0, 1], [0, length, 0, 1]), strict=True):
        offset = (posed @ place)[:, :3] - fk[bones[joint]][indices, :3, 3]
        distance = np.linalg.norm(np.array(character.matrix_world.to_3x3()) @ offset.T, axis=0).max()
        if distance > TOLERANCE:
            found.append(Deviation(bones[joint], float(distance), f"IK of the {limb.name} poses it in another way"))
    return found


def _stretching(character: bpy.types.Object, limb: IKLimb, bones: BoneMap) -> list[str]:
    """Return the bones of a limb that IK may stretch. It would shorten them instead of bending the limb."""
    lower = ik_bone(character, limb, bones)
    if lower is None:
        return []
    bone = pose_bones(character)[lower]
    return [each.name for each in (bone, bone.parent) if each is not None and each.ik_stretch > 0]


def _rest(character: bpy.types.Object, bone: str) -> np.ndarray:
    return np.array(data_of(character, bpy.types.Armature).bones[bone].matrix_local)


def _following(character: bpy.types.Object, control: str, bone: str, poses: dict[str, np.ndarray]) -> np.ndarray:
    """Return the poses [N, 4, 4] of a control that keeps its place at rest relative to a bone."""
    return poses[bone] @ np.linalg.inv(_rest(character, bone)) @ _rest(character, control)


def _target(character: bpy.types.Object, limb: IKLimb, bones: BoneMap, poses: dict[str, np.ndarray]) -> np.ndarray:
    """Return the poses [N, 4, 4] of the target of a limb."""
    _, middle, end = (bones[joint] for joint in limb.joints)
    target = _following(character, limb.target, end, poses)
    if limb.constraints:  # the target is where the lower bone ends
        length = data_of(character, bpy.types.Armature).bones[middle].length
        target[:, :3, 3] = (poses[middle] @ [0, length, 0, 1])[:, :3]
    return target


def _heads(character: bpy.types.Object, limb: IKLimb, bones: BoneMap, poses: dict[str, np.ndarray]) -> _Heads:
    """Return the positions [N, 3] of the joints of a limb; the last is where IK ends."""
    upper, middle, end = (poses[bones[joint]] for joint in limb.joints)
    tip = end[:, :3, 3]
    if limb.constraints:
        tip = (middle @ [0, data_of(character, bpy.types.Armature).bones[bones[limb.joints[1]]].length, 0, 1])[:, :3]
    return upper[:, :3, 3], middle[:, :3, 3], tip


def _pole_directions(
    character: bpy.types.Object, limb: IKLimb, bones: BoneMap, poses: dict[str, np.ndarray]
) -> np.ndarray:
    """Return the directions [N, 3] of the pole of a limb."""
    assert limb.pole is not None
    upper = poses[bones[limb.joints[0]]][:, :3, :3]
    axes = upper / np.linalg.norm(upper, axis=1, keepdims=True)
    if limb.constraints:
        angle = limb.constraints[0].pole_angle
        return axes @ np.array([np.cos(angle), 0, np.sin(angle)])
    at_rest = _rest(character, bones[limb.joints[0]])
    ahead = at_rest[:3, :3].T @ (_rest(character, limb.pole)[:3, 3] - at_rest[:3, 3])
    heads = _heads(character, limb, bones, poses)
    return bend_directions(*heads, axes @ (ahead * [1, 0, 1] / np.linalg.norm(ahead[[0, 2]])))


def _pole(
    character: bpy.types.Object, limb: IKLimb, heads: dict[str, _Heads], directions: dict[str, np.ndarray]
) -> np.ndarray:
    """Return the poses [N, 4, 4] of the pole of a limb; it keeps its rotation at rest."""
    assert limb.pole is not None
    direction = directions[limb.name]
    places = np.tile(_rest(character, limb.pole), (len(direction), 1, 1))
    places[:, :3, 3] = pole_positions(*heads[limb.name], direction)
    return places


def _bent_by_ik(
    character: bpy.types.Object, limbs: Sequence[IKLimb], bones: BoneMap, frames: np.ndarray, heads: dict[str, _Heads]
) -> dict[str, np.ndarray]:
    """Return the vectors [N, 3] from the line of each limb to its knee or elbow as IK poses it now.

    Limbs in which IK starts from the pose of FK need no correction and are left out.
    """
    lower = {limb.name: ik_bone(character, limb, bones) for limb in limbs if limb.pole is not None}
    found = {limb.name: bone for limb in limbs if not limb.constraints and (bone := lower.get(limb.name)) is not None}
    if not found:
        return {}
    posed = posed_matrices(character, list(found.values()), frames)[..., :3, 3].swapaxes(0, 1)
    return {
        name: _aside(middle - heads[name][0], _line(heads[name])[0]) for name, middle in zip(found, posed, strict=True)
    }


def turned(directions: np.ndarray, bent: np.ndarray, heads: _Heads) -> np.ndarray:
    """Turn directions of a pole [N, 3] about the line of the limb by the angle by which the bend misses them.

    In rigs whose knee is beside the plane of the leg at rest, the knee does not point at the pole. The bend of a
    straight limb has no direction, so it does not count.

    Args:
        directions: in which the limb should bend.
        bent: [N, 3] vectors from the line to the knee.
        heads: the three joints, [N, 3] each.
    """
    line, length = _line(heads)
    aside = _aside(directions, line)
    across = np.cross(line, aside)
    angles = np.arctan2(-(bent * across).sum(1), (bent * aside).sum(1))[:, None]
    angles *= np.minimum(np.linalg.norm(bent, axis=1, keepdims=True) / (_STRAIGHT * length), 1)
    return np.cos(angles) * aside + np.sin(angles) * across


def _line(heads: _Heads) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions [N, 3] and lengths [N, 1] of the lines from the first to the last joint of a limb."""
    line = heads[2] - heads[0]
    length = np.maximum(np.linalg.norm(line, axis=1, keepdims=True), 1e-9)
    return line / length, length


def _aside(vectors: np.ndarray, line: np.ndarray) -> np.ndarray:
    return vectors - (vectors * line).sum(1, keepdims=True) * line


def bend_directions(upper: np.ndarray, middle: np.ndarray, end: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Return the directions [N, 3] in which a limb bends.

    For a straight limb, it is the direction in which the limb would bend, and for a nearly straight limb a mixture. So
    it does not jump if the limb stretches, and a limb that is bent the wrong way by a small angle does not turn around.

    Args:
        upper, middle, end: [N, 3] heads of the three bones.
        ahead: [N, 3] directions in which the limb would bend.
    """
    line, length = _line((upper, middle, end))
    ahead = _aside(ahead, line)
    ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    bend = _aside(middle - upper, line)
    bend = bend - np.minimum((bend * ahead).sum(1, keepdims=True), 0) * ahead
    missing = np.maximum(_STRAIGHT * length - np.linalg.norm(bend, axis=1, keepdims=True), 0)
    direction = bend + missing * ahead
    return direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-12)


def _key(character: bpy.types.Object, baked: Bake, frames: np.ndarray, poses: dict[str, np.ndarray]) -> None:
    """Key poses [N, 4, 4] of controls in the armature, below parents as they are posed now."""
    if not poses:
        return
    rig = pose_bones(character)
    parents: dict[str, Any] = {bone: rig[bone].parent for bone in poses}
    names = list(dict.fromkeys(parent.name for parent in parents.values() if parent is not None))
    posed = dict(zip(names, posed_matrices(character, names, frames).swapaxes(0, 1), strict=True))
    for bone, wanted in poses.items():
        parent = parents[bone]
        own = rig[bone].bone
        local = np.empty_like(wanted)
        for index, matrix in enumerate(wanted):
            above = {}
            if parent is not None:
                above["parent_matrix"] = Matrix(posed[parent.name][index].tolist())
                above["parent_matrix_local"] = parent.bone.matrix_local
            basis = own.convert_local_to_pose(Matrix(matrix.tolist()), own.matrix_local, invert=True, **above)
            local[index] = Matrix.LocRotScale(basis.translation, basis.to_quaternion(), None)
        baked.key_transforms(rig[bone], frames, local)
