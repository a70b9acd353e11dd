"""A person's motion on another character: every frame's world rotations and hips, carried over to an armature's bones.

With R the rest rotation of a bone of the character in the world, B that of the person's bone, and P(t) the person's
pose, the character's bone is turned to

    T(t) = P(t) B^-1 A Y R

Y turns the character at rest to face as the person does at rest. A brings its limbs at rest in line with the person's,
so that a character in A-pose stretches its arms where the person does; it is the identity for trunk, head and feet,
whose looks at rest are the character's own. The hips follow the person's, scaled by the ratio of the legs' lengths
about the place where the person starts, so that feet walk as far as the legs are long. The legs then give the little
that is missing until the ankles are where the person's are, scaled alike: feet that stand, stand.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np

from tar_core.cleanup.leg_ik import bend_legs
from tar_core.errors import TarError
from tar_core.rotations import (
    continuous_quaternions,
    matrix_to_quaternion,
    quaternion_to_matrix,
    rotation_between,
    rotation_z,
)
from tar_core.skeleton import JOINT_NAMES, PARENTS

from ..scene.fcurves import curves_of, new_action, write_bone_curves
from .bone_maps import RIGIFY, SMPL, BoneMap

NEEDED = ("pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
_ROOT = JOINT_NAMES[0]
# Limb bones are brought in line at rest; hands go on as their forearms do.
_LIMBS = {
    f"{side}_{joint}": f"{side}_{following}"
    for side in ("left", "right")
    for joint, following in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
}
_LEGS = [tuple(f"{side}_{joint}" for joint in ("hip", "knee", "ankle")) for side in ("left", "right")]


@dataclass(frozen=True)
class Rest:
    """An armature's bones at rest in the world, by SMPL's joint names.

    Attributes:
        rotations: [3, 3] each.
        heads: [3] each, meters.
    """

    rotations: dict[str, np.ndarray]
    heads: dict[str, np.ndarray]

    @classmethod
    def of(cls, armature: bpy.types.Object, bones: BoneMap) -> "Rest":
        world = np.array(armature.matrix_world)
        turn = _rotation(world)
        rest = {joint: armature.data.bones[bone].matrix_local for joint, bone in bones.items()}
        return cls(
            {joint: turn @ np.array(matrix.to_3x3()) for joint, matrix in rest.items()},
            {joint: world[:3, :3] @ np.array(matrix.translation) + world[:3, 3] for joint, matrix in rest.items()},
        )

    @property
    def hips(self) -> np.ndarray:
        """[3] the middle between both hip joints."""
        return (self.heads["left_hip"] + self.heads["right_hip"]) / 2

    def leg_length(self) -> float:
        """Meters from the hip to the ankle along the bones, mean of both legs."""
        bones = [(leg[k], leg[k + 1]) for leg in _LEGS for k in range(2)]
        return sum(float(np.linalg.norm(self.heads[b] - self.heads[a])) for a, b in bones) / 2

    def facing(self) -> float:
        """The angle about z of the direction from the right hip to the left, radians."""
        across = self.heads["left_hip"] - self.heads["right_hip"]
        return float(np.arctan2(across[1], across[0]))


@dataclass(frozen=True)
class WorldMotion:
    """Where a skeleton's joints are in each frame, in the world, by SMPL's joint names.

    Attributes:
        frames: [N] scene frames.
        rotations: [N, 3, 3] of each bone; positions: [N, 3] of its head, meters.
    """

    frames: np.ndarray
    rotations: dict[str, np.ndarray]
    positions: dict[str, np.ndarray]

    @property
    def hips(self) -> np.ndarray:
        """[N, 3] the middle between both hip joints."""
        return (self.positions["left_hip"] + self.positions["right_hip"]) / 2


def person_motion(armature: bpy.types.Object) -> WorldMotion:
    """What an imported person does, by the keys on their bones.

    Raises:
        TarError: the armature has no motion of ours.
    """
    action = armature.animation_data and armature.animation_data.action
    if not action or any(name not in armature.data.bones for name in JOINT_NAMES):
        raise TarError(f"{armature.name} is no imported person with a motion; choose one in the People list")
    curves = {(curve.data_path, curve.array_index): curve for curve in curves_of(armature)}
    first, last = (round(frame) for frame in action.frame_range)
    visible = curves.get(("hide_render", 0))
    if visible is not None:  # the keys around the motion that hide the person
        first, last = first + 1, last - 1
    frames = np.arange(first, last + 1)

    def values(bone: str, channel: str, rest: tuple[float, ...]) -> np.ndarray:
        path = f'pose.bones["{bone}"].{channel}'
        found = [curves.get((path, index)) for index in range(len(rest))]
        columns = [
            [curve.evaluate(frame) for frame in frames] if curve else np.full(len(frames), value)
            for curve, value in zip(found, rest, strict=True)
        ]
        return np.array(columns).T

    rest = Rest.of(armature, {name: name for name in JOINT_NAMES})
    rotations, positions = {}, {}
    for joint, name in enumerate(JOINT_NAMES):
        quaternions = values(name, "rotation_quaternion", (1.0, 0.0, 0.0, 0.0))
        basis = quaternion_to_matrix(quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True))
        if joint == 0:
            scale = np.array(armature.matrix_world.to_scale())[0]
            shift = scale * values(name, "location", (0.0, 0.0, 0.0)) @ rest.rotations[name].T
            rotations[name] = rest.rotations[name] @ basis
            positions[name] = rest.heads[name] + shift
            continue
        parent = JOINT_NAMES[PARENTS[joint]]
        turned = rotations[parent] @ rest.rotations[parent].T
        rotations[name] = turned @ rest.rotations[name] @ basis
        positions[name] = positions[parent] + turned @ (rest.heads[name] - rest.heads[parent])
    return WorldMotion(frames, rotations, positions)


def transfer(source: Rest, motion: WorldMotion, target: Rest, align: bool = True) -> WorldMotion:
    """The motion as a character makes it that is at rest like `target`; see the module.

    Args:
        align: False leaves A out: joints turn as the person's do, whatever the limbs' directions at rest.

    Raises:
        TarError: the character lacks bones that are needed.
    """
    missing = [joint for joint in NEEDED if joint not in target.heads]
    if missing:
        raise TarError(f"the character has no bone for {', '.join(missing)}; name them in the list of bones")
    turn = rotation_z(np.array(source.facing() - target.facing()))
    aligned = _alignment(source, target, turn) if align else {joint: np.eye(3) for joint in target.heads}
    rotations = {
        joint: motion.rotations[joint] @ source.rotations[joint].T @ aligned[joint] @ turn @ rotation
        for joint, rotation in target.rotations.items()
    }
    scale = target.leg_length() / source.leg_length()
    start = motion.hips[0] * [1, 1, 0]

    def scaled(points: np.ndarray) -> np.ndarray:
        return start + scale * (points - start)

    # Heads follow from the hips by forward kinematics.
    turned = {joint: rotations[joint] @ target.rotations[joint].T for joint in rotations}
    positions = {_ROOT: scaled(motion.hips) + turned[_ROOT] @ (target.heads[_ROOT] - target.hips)}
    for joint in _in_order(target):
        parent = mapped_parent(joint, target.heads)
        positions[joint] = positions[parent] + turned[parent] @ (target.heads[joint] - target.heads[parent])
    for hip, knee, ankle in _LEGS:
        thigh, shin = positions[knee] - positions[hip], positions[ankle] - positions[knee]
        across = turned[hip] @ turn.T @ np.array([1.0, 0, 0])  # the axis about which a straight knee bends
        at_hip, at_knee = bend_legs(thigh, shin, scaled(motion.positions[ankle]) - positions[hip], across)
        rotations[hip] = at_hip @ rotations[hip]
        rotations[knee] = at_hip @ at_knee @ rotations[knee]
        positions[knee] = positions[hip] + (at_hip @ thigh[..., None])[..., 0]
        moved = positions[knee] + (at_hip @ at_knee @ shin[..., None])[..., 0] - positions[ankle]
        for joint in (ankle, ankle.replace("ankle", "foot")):
            if joint in positions:
                positions[joint] = positions[joint] + moved
    return WorldMotion(motion.frames, rotations, positions)


def retarget(person: bpy.types.Object, character: bpy.types.Object, bones: BoneMap, kind: str = "") -> bpy.types.Action:
    """Bakes a person's motion to a character: a new action with a key on every frame of the mapped bones.

    The character's other actions stay; Rigify's arms and legs are switched to their FK controls.

    Args:
        person: an imported armature.
        bones: from `find_bones`, or edited; `kind` is the name that came with it.

    Raises:
        TarError: there is no motion, or no bone for one of NEEDED, or a bone in the map is not there.
    """
    wrong = [bone for bone in bones.values() if bone not in character.data.bones]
    if wrong:
        raise TarError(f"{character.name} has no bone called {wrong[0]}; correct the list of bones")
    motion = person_motion(person)
    target = Rest.of(character, bones)
    source = Rest.of(person, {name: name for name in JOINT_NAMES})
    world = transfer(source, motion, target, align=kind != SMPL)  # SMPL's own family takes theta for theta

    old = character.animation_data and character.animation_data.action
    if old:
        old.use_fake_user = True  # else it would be gone when the file is saved
    action, channels = new_action(character, f"{character.name} {person.name}")
    if kind == RIGIFY:
        _use_fk(character)
    to_local = np.linalg.inv(np.array(character.matrix_world))
    spin = _rotation(to_local)
    for joint, bone in bones.items():
        parent = _driving_parent(character, joint, bones, kind)
        rest = target.rotations[joint]
        if parent is None:
            basis = rest.T @ world.rotations[joint]
        else:
            basis = rest.T @ target.rotations[parent] @ world.rotations[parent].swapaxes(1, 2) @ world.rotations[joint]
        character.pose.bones[bone].rotation_mode = "QUATERNION"
        quaternions = continuous_quaternions(matrix_to_quaternion(basis))
        write_bone_curves(channels, bone, "rotation_quaternion", world.frames, quaternions)
    heads = world.positions[_ROOT] @ to_local[:3, :3].T + to_local[:3, 3]
    rest_head = np.array(character.data.bones[bones[_ROOT]].head_local)
    locations = (heads - rest_head) @ (spin @ target.rotations[_ROOT])
    write_bone_curves(channels, bones[_ROOT], "location", world.frames, locations)
    return action


def mapped_parent(joint: str, mapped: dict[str, np.ndarray] | BoneMap) -> str:
    """The nearest of SMPL's joints above this one that has a bone."""
    parent = PARENTS[JOINT_NAMES.index(joint)]
    while parent > 0 and JOINT_NAMES[parent] not in mapped:
        parent = PARENTS[parent]
    return JOINT_NAMES[max(parent, 0)]


def _in_order(rest: Rest) -> Iterator[str]:
    """The joints that have a bone, parents first, but for the root."""
    return (joint for joint in JOINT_NAMES[1:] if joint in rest.heads)


def _driving_parent(character: bpy.types.Object, joint: str, bones: BoneMap, kind: str) -> str | None:
    """The joint whose bone carries this one's bone along; None if it is none of the mapped ones."""
    if joint == _ROOT:
        return None
    if kind == RIGIFY:  # its controls hang together by constraints
        return mapped_parent(joint, bones)
    joints = {bone: name for name, bone in bones.items()}
    bone = character.data.bones[bones[joint]]
    while bone is not None and bone.use_inherit_rotation:
        bone = bone.parent
        if bone is not None and bone.name in joints:
            return joints[bone.name]
    return None


def _alignment(source: Rest, target: Rest, turn: np.ndarray) -> dict[str, np.ndarray]:
    """A of the module for each of the target's joints."""
    aligned = {joint: np.eye(3) for joint in target.heads}
    for joint, following in _LIMBS.items():
        if joint in target.heads and following in target.heads:
            own = turn @ (target.heads[following] - target.heads[joint])
            aligned[joint] = rotation_between(own, source.heads[following] - source.heads[joint])
    for side in ("left", "right"):
        for joint, before in ((f"{side}_wrist", f"{side}_elbow"), (f"{side}_hand", f"{side}_elbow")):
            if joint in aligned and before in aligned:
                aligned[joint] = aligned[before]
    return aligned


def _use_fk(rig: bpy.types.Object) -> None:
    """Rigify: limbs follow their FK controls, neck and head turn with the chest."""
    for bone in rig.pose.bones:
        for name, value in (("IK_FK", 1.0), ("FK_limb_follow", 0.0), ("neck_follow", 1.0), ("head_follow", 1.0)):
            if name in bone:
                bone[name] = value


def _rotation(matrix: np.ndarray) -> np.ndarray:
    """The rotation of a matrix [4, 4] that turns and scales evenly."""
    turned = matrix[:3, :3]
    return turned / np.cbrt(np.linalg.det(turned))
