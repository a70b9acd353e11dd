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

from collections.abc import Container, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from tar_core.cleanup.limb_ik import bend_limb
from tar_core.errors import TarError
from tar_core.rotations import rotation_between, rotation_z
from tar_core.skeleton import FINGERS

from ..util.blender_types import data_of, pose_bones, view_layer_of
from .baking import Bake, bake
from .bone_maps import missing_limbs
from .face_baking import FaceBake, bake_face
from .ik_baking import bake_ik, set_ik
from .ik_limbs import IKLimb, find_ik_limbs, fk_settings
from .interference import check_editable, find_interference
from .known_rigs import CONTROL_RIGS, SMPL, BoneMap
from .pose_solver import BoneChannels, PoseSolver, bones_above
from .root_motion import find_root, root_channels, travel, without_travel
from .skeleton_motion import LEGS, ROOT, RestPose, WorldMotion, mapped_parent, person_motion, rotation_of
from .verification import Deviation, verify

REQUIRED_JOINTS = ("pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
# Bones of limbs and fingers that are aligned at rest, and the joints at their ends. Hands are aligned like forearms,
# tips of fingers like the bones before them.
_LIMBS = {
    f"{side}_{joint}": f"{side}_{end}"
    for side in ("left", "right")
    for joint, end in (
        *(("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")),
        *((f"{finger}{number}", f"{finger}{number + 1}") for finger in FINGERS for number in (1, 2)),
    )
}
# Settings of Rigify and Auto-Rig Pro: limbs follow the FK controls, neck and head rotate with the chest.
_FK = {"IK_FK": 1.0, "FK_limb_follow": 0.0, "neck_follow": 1.0, "head_follow": 1.0, "ik_fk_switch": 1.0}

LIMBS = ("FK", "IK", "BOTH")


@dataclass(frozen=True)
class BakeOptions:
    """Options of a bake.

    Attributes:
        limbs: which controls of arms and legs get keys, one of `LIMBS`. With "BOTH", IK is active.
        root_motion: the root bone carries the place on the ground and the heading, the hips the rest.
        mute: mute constraints, drivers and NLA tracks that act on the bones, and leave Rest Position. Constraints are
            turned off on the baked frames, everything else on all frames.
        face: bake a captured face to the shape keys of the character's meshes.
    """

    limbs: str = "FK"
    root_motion: bool = False
    mute: bool = True
    face: bool = True


@dataclass(frozen=True)
class Retargeted:
    """The result of a bake.

    Attributes:
        action: the character's new action.
        muted: names of what was muted because it acts on the baked bones.
        deviations: bones that are not where they should be.
        missing: joints of arms and legs without a bone.
        without_ik: arms and legs for which IK was asked but not found.
        face: what was baked to the face.
    """

    action: bpy.types.Action
    muted: list[str]
    deviations: list[Deviation]
    missing: list[str]
    without_ik: list[str]
    face: FaceBake

    def messages(self) -> list[str]:
        """Return lines about what was muted, what is off and what has no bone, as far as there is something."""
        muted = [f"muted: {', '.join(self.muted)}"] if self.muted else []
        off = [f"more than 2 cm off: {'; '.join(map(str, self.deviations))}"] if self.deviations else []
        missing = [f"no bone for {', '.join(self.missing)}"] if self.missing else []
        without_ik = [f"no IK controls found for {', '.join(self.without_ik)}"] if self.without_ik else []
        return muted + off + missing + without_ik + self.face.messages()


def retarget(
    person: bpy.types.Object,
    character: bpy.types.Object,
    bones: BoneMap,
    kind: str = "",
    options: BakeOptions | None = None,
) -> Retargeted:
    """Bake a person's motion to a character: a new action with a key on every frame of the mapped bones.

    The character's other actions are kept.

    Args:
        person: the armature of an imported person.
        character: the armature of the character.
        bones: from `find_bones`, possibly edited.
        kind: the kind of rig, from `find_bones`.
        options: of the bake.

    Raises:
        TarError: the person has no motion, a required joint has no bone, a bone of the map does not exist, there is no
            bone for the root motion, the character cannot be baked to, or something acts on its bones and `mute` is
            off. Nothing has changed then.
    """
    options = options or BakeOptions()
    own = data_of(character, bpy.types.Armature).bones
    missing = [bone for bone in bones.values() if bone not in own]
    if missing:
        raise TarError(f"{character.name}: no bone called {missing[0]}; correct the list of bones")
    _check_required(bones)
    check_editable(character)
    motion = person_motion(person)
    bones = {joint: bone for joint, bone in bones.items() if joint in motion.rotations}
    limbs = find_ik_limbs(character, bones, kind) if options.limbs != "FK" else []
    root = find_root(character, bones, kind) if options.root_motion else ""
    acting = find_interference(character, bones, kind, limbs)
    names = [each.name for each in acting]
    if acting and not options.mute:
        raise TarError(f"{', '.join(names)} would change the motion; enable Mute Interference")
    for each in acting:
        each.mute()
    view_layer_of(bpy.context).update()

    rest = RestPose.of(character, bones)
    controls = kind in CONTROL_RIGS
    if controls:
        _use_fk(character)
    for limb in limbs:
        set_ik(character, limb, False)
    solver = PoseSolver(character, bones, root)
    target = rest if controls else solver.rest(rest)
    # Rigs of the SMPL family have the same local axes, so their joints take over the person's rotations.
    world = transfer(RestPose.of_person(person), motion, target, align=kind != SMPL)
    moved = travel(world, rest) if root else None
    below = world if moved is None else without_travel(world, moved)
    channels = _control_channels(character, bones, rest, below) if controls else solver.solve(below)
    if moved is not None:
        channels.rotations[root], channels.locations[root] = root_channels(character, root, moved)
    baked = bake(character, f"{character.name} {person.name}", world.frames, channels)
    for each in acting:
        if each.constraint is not None:
            baked.turn_off(each.constraint.path_from_id("influence"), each.influence, world.frames)
            each.constraint.mute = False
    if controls:
        _set_controls(character, baked, bones, kind, channels, world.frames)
    deviations = verify(character, bones, world, positions=not controls)
    if limbs:
        deviations += bake_ik(character, baked, limbs, bones, world.frames, keep_fk=options.limbs == "BOTH")
    return Retargeted(
        baked.action,
        names,
        deviations,
        missing_limbs(bones),
        _without_ik(limbs) if options.limbs != "FK" else [],
        bake_face(person, character, world.frames) if options.face else FaceBake(),
    )


def _set_controls(
    character: bpy.types.Object, baked: Bake, bones: BoneMap, kind: str, channels: BoneChannels, frames: np.ndarray
) -> None:
    """Key the switches of a rig with controls for FK, and reset the controls that move those with keys."""
    for bone in bones_above(character, bones.values()):
        if bone.name not in channels.rotations:
            baked.reset(bone, frames)
    for path, value in fk_settings(character, bones, kind).items():
        baked.key_setting(path, int(frames[0]), value)


def _without_ik(limbs: Sequence[IKLimb]) -> list[str]:
    found = {limb.name for limb in limbs}
    return [name for side in ("left", "right") for part in ("arm", "leg") if (name := f"{side} {part}") not in found]


def _control_channels(character: bpy.types.Object, bones: BoneMap, rest: RestPose, world: WorldMotion) -> BoneChannels:
    """Return the channels of controls whose parents follow each other through constraints, as in Rigify."""
    rotations = {}
    for joint, bone in bones.items():
        local = rest.rotations[joint].T
        if joint != ROOT:
            parent = mapped_parent(joint, bones)
            local = local @ rest.rotations[parent] @ world.rotations[parent].swapaxes(1, 2)
        rotations[bone] = local @ world.rotations[joint]
    to_local = np.linalg.inv(np.array(character.matrix_world))
    heads = world.positions[ROOT] @ to_local[:3, :3].T + to_local[:3, 3]
    rest_head = np.array(data_of(character, bpy.types.Armature).bones[bones[ROOT]].head_local)
    locations = (heads - rest_head) @ (rotation_of(to_local) @ rest.rotations[ROOT])
    return BoneChannels(rotations, {bones[ROOT]: locations})


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
    _check_required(target.heads)
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
    positions = {ROOT: scaled(motion.hips) + from_rest[ROOT] @ (target.heads[ROOT] - target.hips)}
    for joint in target.in_order():
        parent = mapped_parent(joint, target.heads)
        positions[joint] = positions[parent] + from_rest[parent] @ (target.heads[joint] - target.heads[parent])
    for hip, knee, ankle in LEGS:
        thigh, shin = positions[knee] - positions[hip], positions[ankle] - positions[knee]
        axis = from_rest[hip] @ facing.T @ np.array([1.0, 0, 0])  # about which a straight knee bends
        at_hip, at_knee = bend_limb(thigh, shin, scaled(motion.positions[ankle]) - positions[hip], axis)
        rotations[hip] = at_hip @ rotations[hip]
        rotations[knee] = at_hip @ at_knee @ rotations[knee]
        positions[knee] = positions[hip] + (at_hip @ thigh[..., None])[..., 0]
        moved = positions[knee] + (at_hip @ at_knee @ shin[..., None])[..., 0] - positions[ankle]
        for joint in (ankle, ankle.replace("ankle", "foot")):
            if joint in positions:
                positions[joint] = positions[joint] + moved
    return WorldMotion(motion.frames, rotations, positions)


def _check_required(joints: Container[str]) -> None:
    missing = [joint for joint in REQUIRED_JOINTS if joint not in joints]
    if missing:
        raise TarError(f"the character has no bone for {', '.join(missing)}; add it to the list of bones")


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
        for finger in FINGERS:
            if f"{side}_{finger}3" in aligned and f"{side}_{finger}2" in aligned:
                aligned[f"{side}_{finger}3"] = aligned[f"{side}_{finger}2"]
    return aligned


def _use_fk(rig: bpy.types.Object) -> None:
    """Switch a rig to its FK controls."""
    for bone in pose_bones(rig):
        for name, value in _FK.items():
            if isinstance(bone.get(name), (int, float)):
                bone[name] = value
