"""Channels of a character's bones from a motion in the world, by the flags of its bones.

Blender itself converts between poses and channels (`Bone.convert_local_to_pose`), so connected bones, Local Location,
and inherited rotation and scale count as in the viewport. Bones without a joint keep the pose that they have. Hands and
feet that are not below the forearms and shins, as in rigs whose IK was lost on export, are moved there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..util.blender_types import pose_bones
from .known_rigs import BoneMap
from .skeleton_motion import ROOT, RestPose, WorldMotion, mapped_parent, rotation_of

_ENDS = ("left_wrist", "right_wrist", "left_ankle", "right_ankle")


@dataclass(frozen=True)
class BoneChannels:
    """Values of the channels of a character's bones.

    Attributes:
        rotations: bone -> [N, 3, 3] relative to rest.
        locations: bone -> [N, 3], of the bones that are moved; see `carrier_of`.
    """

    rotations: dict[str, np.ndarray]
    locations: dict[str, np.ndarray]


class PoseSolver:
    """Forward and inverse kinematics of the bones that have a joint, and of their ancestors."""

    def __init__(self, character: bpy.types.Object, bones: BoneMap, root: str = "") -> None:
        """Read the character.

        Args:
            character: its armature.
            bones: joint -> bone.
            root: a bone without a joint whose present pose does not count, because it gets keys.
        """
        self._joints = {bone: joint for joint, bone in bones.items()}
        self._world = np.array(character.matrix_world)
        self._hips = bones[ROOT]
        self._carrier = pose_bones(character)[carrier_of(character, bones)]
        names = {bone.name for bone in with_ancestors(character, self._joints)}
        self._bones = [bone for bone in pose_bones(character) if bone.name in names]  # parents before children
        self._channels = {
            bone.name: Matrix() if bone.name in self._joints or bone.name == root else bone.matrix_basis.copy()
            for bone in self._bones
        }
        self._channels[self._carrier.name].translation = (0, 0, 0)
        self._apart = set(bones_apart(character, bones))

    def rest(self, rest: RestPose) -> RestPose:
        """Return a rest pose with the offsets between joints that result from the poses of the other bones."""
        posed: dict[str, Matrix] = {}
        for bone in self._bones:
            posed[bone.name] = _to_pose(bone, self._channels[bone.name], posed)
        world = {joint: self._world @ np.array(posed[bone]) for bone, joint in self._joints.items()}
        heads = {ROOT: rest.heads[ROOT]}
        for joint in rest.in_order():
            parent = mapped_parent(joint, rest.heads)
            offset = world[joint][:3, 3] - world[parent][:3, 3]
            heads[joint] = heads[parent] + rest.rotations[parent] @ rotation_of(world[parent]).T @ offset
        return RestPose(rest.rotations, heads)

    def solve(self, motion: WorldMotion) -> BoneChannels:
        """Return the channels that give the bones the rotations of a motion, and hips and bones apart their places."""
        to_armature = np.linalg.inv(self._world)
        turn = rotation_of(to_armature)
        targets = {bone: turn @ motion.rotations[joint] for bone, joint in self._joints.items()}
        places = {
            bone: motion.positions[self._joints[bone]] @ to_armature[:3, :3].T + to_armature[:3, 3]
            for bone in (self._hips, *self._apart)
        }
        rotations = {bone: np.empty((len(motion.frames), 3, 3)) for bone in self._joints}
        locations = {bone: np.empty((len(motion.frames), 3)) for bone in (self._carrier.name, *self._apart)}
        for index in range(len(motion.frames)):
            frame = {bone: Matrix(values[index].tolist()) for bone, values in targets.items()}
            turned, moved = self._solve_frame(frame, {bone: Vector(at[index].tolist()) for bone, at in places.items()})
            for bone, rotation in turned.items():
                rotations[bone][index] = rotation
            for bone, location in moved.items():
                locations[bone][index] = location
        return BoneChannels(rotations, locations)

    def _solve_frame(
        self, targets: Mapping[str, Matrix], places: Mapping[str, Vector]
    ) -> tuple[dict[str, Matrix], dict[str, Vector]]:
        """Return the rotations [3, 3] of the bones, and the locations of the carrier and of the bones apart.

        Args:
            targets: bone -> [3, 3] in the armature.
            places: bone -> position in the armature, of the hips and the bones apart.
        """
        turned: dict[str, Matrix] = {}
        posed: dict[str, Matrix] = {}
        for bone in self._bones:
            channels = self._channels[bone.name]
            if bone.name in targets:
                # The quaternion leaves out the scale that the bone inherits.
                local = _to_local(bone, targets[bone.name].to_4x4(), posed).to_quaternion().to_matrix()
                turned[bone.name], channels = local, local.to_4x4()
            posed[bone.name] = _to_pose(bone, channels, posed)
        # Moving the carrier moves all bones below it alike, so the rotations stay.
        shift = places[self._hips] - posed[self._hips].translation
        moved = {
            self._carrier.name: _to_local(
                self._carrier, Matrix.Translation(shift) @ posed[self._carrier.name], posed
            ).translation
        }
        return turned, moved | self._place(turned, moved, places)

    def _place(
        self, turned: Mapping[str, Matrix], moved: Mapping[str, Vector], places: Mapping[str, Vector]
    ) -> dict[str, Vector]:
        """Return the locations of the bones apart, given the channels of all others."""
        found: dict[str, Vector] = {}
        posed: dict[str, Matrix] = {}
        for bone in self._bones if self._apart else ():
            channels = turned[bone.name].to_4x4() if bone.name in turned else self._channels[bone.name].copy()
            if bone.name in moved:
                channels.translation = moved[bone.name]
            posed[bone.name] = _to_pose(bone, channels, posed)
            if bone.name in self._apart:
                posed[bone.name].translation = places[bone.name]
                found[bone.name] = _to_local(bone, posed[bone.name], posed).translation
        return found


def carrier_of(character: bpy.types.Object, bones: BoneMap) -> str:
    """Return the bone to move in order to move the hips: their own, or the first ancestor that is not connected.

    Blender ignores the location of connected bones.
    """
    bone: Any = pose_bones(character)[bones[ROOT]]
    while bone.parent is not None and bone.bone.use_connect:
        bone = bone.parent
    return str(bone.name)


def bones_apart(character: bpy.types.Object, bones: BoneMap) -> list[str]:
    """Return the bones of hands and feet that can be moved and that do not follow the bone of the joint above."""
    own = pose_bones(character)
    above = {joint: own[bones[mapped_parent(joint, bones)]] for joint in _ENDS if joint in bones}
    return [
        bones[joint]
        for joint, parent in above.items()
        if parent not in own[bones[joint]].parent_recursive and not own[bones[joint]].bone.use_connect
    ]


def with_ancestors(character: bpy.types.Object, names: Iterable[str]) -> list[bpy.types.PoseBone]:
    """Return bones and all their ancestors, each once."""
    found: dict[str, bpy.types.PoseBone] = {}
    for name in names:
        bone: Any = pose_bones(character).get(name)
        while bone is not None and bone.name not in found:
            found[bone.name] = bone
            bone = bone.parent
    return list(found.values())


def bones_above(character: bpy.types.Object, names: Iterable[str]) -> list[bpy.types.PoseBone]:
    """Return bones and all bones that move them, through parents or constraints, each once."""
    bones = pose_bones(character)
    found: dict[str, bpy.types.PoseBone] = {}
    waiting: list[Any] = [bones[name] for name in names]
    while waiting:
        bone = waiting.pop()
        if bone is None or bone.name in found:
            continue
        found[bone.name] = bone
        waiting.append(bone.parent)
        for constraint in bone.constraints:
            targets = constraint.targets if constraint.type == "ARMATURE" else [constraint]
            for target in targets:
                if getattr(target, "target", None) == character:
                    waiting.append(bones.get(target.subtarget))
    return list(found.values())


def _to_pose(bone: bpy.types.PoseBone, channels: Matrix, posed: Mapping[str, Matrix]) -> Matrix:
    return _convert(bone, channels, posed, invert=False)


def _to_local(bone: bpy.types.PoseBone, pose: Matrix, posed: Mapping[str, Matrix]) -> Matrix:
    return _convert(bone, pose, posed, invert=True)


def _convert(bone: bpy.types.PoseBone, matrix: Matrix, posed: Mapping[str, Matrix], invert: bool) -> Matrix:
    parent: Any = bone.parent
    if parent is None:
        return bone.bone.convert_local_to_pose(matrix, bone.bone.matrix_local, invert=invert)
    return bone.bone.convert_local_to_pose(
        matrix,
        bone.bone.matrix_local,
        parent_matrix=posed[parent.name],
        parent_matrix_local=parent.bone.matrix_local,
        invert=invert,
    )
