"""Retarget a person's motion to another character.

With R the rest rotation of a character's bone in the world, B the rest rotation of the person's bone, and P(t) the
person's pose, the rotation of the character's bone is

    T(t) = P(t) B^-1 A Y R

Y rotates the character about z at rest so that it faces in the same direction as the person. A aligns its limbs at
rest with those of the person, so that a character with an A-pose stretches its arms where the person does. A is the
identity for trunk, head and feet, which keep the character's own rest directions. The hips follow those of the person,
scaled by the ratio of the leg lengths about the person's start, so that step lengths fit the legs. Finally, inverse
kinematics of the legs brings the ankles to the person's ankles, scaled in the same way, so that feet do not slide.
"""

from collections.abc import Iterator, Mapping

import bpy
import numpy as np

from tar_core.cleanup.leg_ik import bend_legs
from tar_core.errors import TarError
from tar_core.rotations import continuous_quaternions, matrix_to_quaternion, rotation_between, rotation_z
from tar_core.skeleton import JOINT_NAMES, PARENTS

from ..scene.fcurves import new_action, write_bone_curves
from ..util.blender_types import data_of, pose_bones
from .bone_maps import RIGIFY, SMPL, BoneMap
from .skeleton_motion import LEGS, RestPose, WorldMotion, person_motion, rotation_of

REQUIRED_JOINTS = ("pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
_ROOT = JOINT_NAMES[0]
# Limb bones that are aligned at rest, and the joints at their ends. Hands are aligned like the forearms.
_LIMBS = {
    f"{side}_{joint}": f"{side}_{end}"
    for side in ("left", "right")
    for joint, end in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
}
# Settings of Rigify's generated rigs: limbs follow the FK controls, neck and head rotate with the chest.
_RIGIFY_FK = {"IK_FK": 1.0, "FK_limb_follow": 0.0, "neck_follow": 1.0, "head_follow": 1.0}


def retarget(person: bpy.types.Object, character: bpy.types.Object, bones: BoneMap, kind: str = "") -> bpy.types.Action:
    """Bake a person's motion to a character: a new action with a key on every frame of the mapped bones.

    The character's other actions are kept. Arms and legs of Rigify rigs are switched to their FK controls.

    Args:
        person: the armature of an imported person.
        character: the armature of the character.
        bones: from `find_bones`, possibly edited.
        kind: the kind of rig, from `find_bones`.

    Raises:
        TarError: the person has no motion, a required joint has no bone, or a bone of the map does not exist.
    """
    own = data_of(character, bpy.types.Armature).bones
    missing = [bone for bone in bones.values() if bone not in own]
    if missing:
        raise TarError(f"{character.name}: no bone called {missing[0]}; correct the list of bones")
    motion = person_motion(person)
    rest = RestPose.of(character, bones)
    # Rigs of the SMPL family have the same local axes, so their joints take over the person's rotations.
    world = transfer(RestPose.of_person(person), motion, rest, align=kind != SMPL)

    previous = character.animation_data and character.animation_data.action
    if previous:
        previous.use_fake_user = True  # otherwise it would not be saved with the file
    action, channels = new_action(character, f"{character.name} {person.name}")
    if kind == RIGIFY:
        _use_fk(character)
    for joint, bone in bones.items():
        parent = _driving_parent(own, joint, bones, kind)
        local = rest.rotations[joint].T
        if parent is not None:
            local = local @ rest.rotations[parent] @ world.rotations[parent].swapaxes(1, 2)
        quaternions = continuous_quaternions(matrix_to_quaternion(local @ world.rotations[joint]))
        pose_bones(character)[bone].rotation_mode = "QUATERNION"
        write_bone_curves(channels, bone, "rotation_quaternion", world.frames, quaternions)
    to_local = np.linalg.inv(np.array(character.matrix_world))
    heads = world.positions[_ROOT] @ to_local[:3, :3].T + to_local[:3, 3]
    rest_head = np.array(own[bones[_ROOT]].head_local)
    locations = (heads - rest_head) @ (rotation_of(to_local) @ rest.rotations[_ROOT])
    write_bone_curves(channels, bones[_ROOT], "location", world.frames, locations)
    return action


def transfer(source: RestPose, motion: WorldMotion, target: RestPose, align: bool = True) -> WorldMotion:
    """Transfer a motion to a skeleton with another rest pose; see the module's docstring.

    Args:
        source: the rest pose of the skeleton that moves.
        motion: its motion.
        target: the rest pose of the other skeleton.
        align: align the limbs at rest (A). Otherwise the joints rotate as in `motion`, whatever the limbs' directions.

    Raises:
        TarError: `target` lacks a required joint.
    """
    missing = [joint for joint in REQUIRED_JOINTS if joint not in target.heads]
    if missing:
        raise TarError(f"the character has no bone for {', '.join(missing)}; add it to the list of bones")
    facing = rotation_z(np.array(source.facing() - target.facing()))
    aligned = _alignment(source, target, facing) if align else {joint: np.eye(3) for joint in target.heads}
    rotations = {
        joint: motion.rotations[joint] @ source.rotations[joint].T @ aligned[joint] @ facing @ rotation
        for joint, rotation in target.rotations.items()
    }
    scale = target.leg_length() / source.leg_length()
    start = motion.hips[0] * [1, 1, 0]

    def scaled(points: np.ndarray) -> np.ndarray:
        return start + scale * (points - start)

    # Forward kinematics from the hips.
    from_rest = {joint: rotations[joint] @ target.rotations[joint].T for joint in rotations}
    positions = {_ROOT: scaled(motion.hips) + from_rest[_ROOT] @ (target.heads[_ROOT] - target.hips)}
    for joint in _children_in_order(target):
        parent = mapped_parent(joint, target.heads)
        positions[joint] = positions[parent] + from_rest[parent] @ (target.heads[joint] - target.heads[parent])
    for hip, knee, ankle in LEGS:
        thigh, shin = positions[knee] - positions[hip], positions[ankle] - positions[knee]
        axis = from_rest[hip] @ facing.T @ np.array([1.0, 0, 0])  # about which a straight knee bends
        at_hip, at_knee = bend_legs(thigh, shin, scaled(motion.positions[ankle]) - positions[hip], axis)
        rotations[hip] = at_hip @ rotations[hip]
        rotations[knee] = at_hip @ at_knee @ rotations[knee]
        positions[knee] = positions[hip] + (at_hip @ thigh[..., None])[..., 0]
        moved = positions[knee] + (at_hip @ at_knee @ shin[..., None])[..., 0] - positions[ankle]
        for joint in (ankle, ankle.replace("ankle", "foot")):
            if joint in positions:
                positions[joint] = positions[joint] + moved
    return WorldMotion(motion.frames, rotations, positions)


def mapped_parent(joint: str, mapped: Mapping[str, object]) -> str:
    """Return the nearest ancestor of a joint, among SMPL's joints, that is in the map; the root if there is none."""
    parent = PARENTS[JOINT_NAMES.index(joint)]
    while parent > 0 and JOINT_NAMES[parent] not in mapped:
        parent = PARENTS[parent]
    return JOINT_NAMES[max(parent, 0)]


def _children_in_order(rest: RestPose) -> Iterator[str]:
    """Yield the joints that have a bone, without the root, parents before children."""
    return (joint for joint in JOINT_NAMES[1:] if joint in rest.heads)


def _driving_parent(character_bones: "bpy.types.ArmatureBones", joint: str, bones: BoneMap, kind: str) -> str | None:
    """Return the joint whose bone rotates this joint's bone along with it; None if no mapped bone does."""
    if joint == _ROOT:
        return None
    if kind == RIGIFY:  # constraints connect its controls
        return mapped_parent(joint, bones)
    joints = {bone: name for name, bone in bones.items()}
    bone: bpy.types.Bone | None = character_bones[bones[joint]]
    while bone is not None and bone.use_inherit_rotation:
        bone = bone.parent
        if bone is not None and bone.name in joints:
            return joints[bone.name]
    return None


def _alignment(source: RestPose, target: RestPose, facing: np.ndarray) -> dict[str, np.ndarray]:
    """Return A of the module's docstring for each joint of the target."""
    aligned = {joint: np.eye(3) for joint in target.heads}
    for joint, end in _LIMBS.items():
        if joint in target.heads and end in target.heads:
            direction = facing @ (target.heads[end] - target.heads[joint])
            aligned[joint] = rotation_between(direction, source.heads[end] - source.heads[joint])
    for side in ("left", "right"):
        for joint in (f"{side}_wrist", f"{side}_hand"):
            if joint in aligned and f"{side}_elbow" in aligned:
                aligned[joint] = aligned[f"{side}_elbow"]
    return aligned


def _use_fk(rig: bpy.types.Object) -> None:
    """Switch a generated Rigify rig to its FK controls."""
    for bone in pose_bones(rig):
        for name, value in _RIGIFY_FK.items():
            if bone.get(name) is not None:
                bone[name] = value
