"""The rest pose and the motion of a skeleton, in the world and by SMPL's joint names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import bpy
import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import quaternion_to_matrix
from tar_core.skeleton import ALL_JOINT_NAMES, JOINT_NAMES, NUM_BODY_JOINTS, PARENT_NAMES

from ..scene.bone_names import joint_bones
from ..scene.fcurves import bone_path, curves_of
from ..scene.keyframes import motion_range
from ..scene.layers import is_layered
from ..scene.posed import posed_matrices
from ..util.blender_types import data_of, pose_bones
from .known_rigs import BoneMap

ROOT = JOINT_NAMES[0]
LEGS = [tuple(f"{side}_{joint}" for joint in ("hip", "knee", "ankle")) for side in ("left", "right")]


@dataclass(frozen=True)
class RestPose:
    """The bones of an armature at rest, in the world, by SMPL's joint names.

    Attributes:
        rotations: [3, 3] each.
        heads: [3] each, meters.
    """

    rotations: dict[str, np.ndarray]
    heads: dict[str, np.ndarray]

    @classmethod
    def of(cls, armature: bpy.types.Object, bones: BoneMap) -> "RestPose":
        """Read the rest pose of the mapped bones."""
        world = np.array(armature.matrix_world)
        rotation = rotation_of(world)
        own = data_of(armature, bpy.types.Armature).bones
        rest = {joint: own[bone].matrix_local for joint, bone in bones.items()}
        return cls(
            {joint: rotation @ np.array(matrix.to_3x3()) for joint, matrix in rest.items()},
            {joint: world[:3, :3] @ np.array(matrix.translation) + world[:3, 3] for joint, matrix in rest.items()},
        )

    @classmethod
    def of_person(cls, armature: bpy.types.Object) -> "RestPose":
        """Read the rest pose of an imported person.

        Raises:
            TarError: a bone is missing.
        """
        return cls.of(armature, _bones_of(armature))

    @property
    def hips(self) -> np.ndarray:
        """[3] the center between the hip joints."""
        return (self.heads["left_hip"] + self.heads["right_hip"]) / 2

    def leg_length(self) -> float:
        """Return the length from hip to ankle along the bones, averaged over both legs, in meters."""
        bones = [(leg[k], leg[k + 1]) for leg in LEGS for k in range(2)]
        return sum(float(np.linalg.norm(self.heads[b] - self.heads[a])) for a, b in bones) / 2

    def in_order(self) -> Iterator[str]:
        """Yield the joints that have a bone, without the root, parents before children."""
        return (joint for joint in ALL_JOINT_NAMES[1:] if joint in self.heads)

    def facing(self) -> float:
        """Return the angle about z of the direction from the right hip to the left hip, in radians."""
        across = self.heads["left_hip"] - self.heads["right_hip"]
        return float(np.arctan2(across[1], across[0]))


@dataclass(frozen=True)
class WorldMotion:
    """The motion of a skeleton's bones, in the world, by SMPL's joint names.

    Attributes:
        frames: [N] scene frames.
        rotations: [N, 3, 3] of each bone.
        positions: [N, 3] of the head of each bone, meters.
    """

    frames: np.ndarray
    rotations: dict[str, np.ndarray]
    positions: dict[str, np.ndarray]

    @property
    def hips(self) -> np.ndarray:
        """[N, 3] the center between the hip joints."""
        return (self.positions["left_hip"] + self.positions["right_hip"]) / 2


def _bones_of(armature: bpy.types.Object) -> BoneMap:
    bones = joint_bones(armature)
    if not bones.keys() >= set(JOINT_NAMES[:NUM_BODY_JOINTS]):
        raise _not_a_person(armature)
    return bones


def _not_a_person(armature: bpy.types.Object) -> TarError:
    return TarError(f"{armature.name}: not an imported person with a motion; choose one from the People list")


def person_motion(armature: bpy.types.Object) -> WorldMotion:
    """Return the motion of an imported person, as Blender poses it.

    Raises:
        TarError: the armature is not an imported person with a motion.
    """
    bones = _bones_of(armature)
    animation = armature.animation_data
    if animation is None or not animation.action:
        raise _not_a_person(armature)
    action = animation.action
    curves = {(curve.data_path, curve.array_index): curve for curve in curves_of(armature)}
    first, last = round(action.frame_range[0]), round(action.frame_range[1])
    hidden = curves.get(("hide_render", 0))
    if hidden is not None:  # its first and last keys are outside the motion if they hide the person
        first, last = first + round(hidden.evaluate(first)), last - round(hidden.evaluate(last))
    captured = motion_range(armature)
    if animation.use_nla and is_layered(armature) and captured is not None:
        first, last = captured
    frames = np.arange(first, last + 1)
    if _follows_keys_alone(armature, bones.values()):
        return _with_travel(_keyed_motion(armature, bones, curves, frames), armature, curves)
    world = np.array(armature.matrix_world)
    poses = dict(zip(bones, posed_matrices(armature, list(bones.values()), frames).swapaxes(0, 1), strict=True))
    turn = rotation_of(world)
    rotations = {joint: turn @ pose[:, :3, :3] for joint, pose in poses.items()}
    positions = {joint: pose[:, :3, 3] @ world[:3, :3].T + world[:3, 3] for joint, pose in poses.items()}
    return _with_travel(WorldMotion(frames, rotations, positions), armature, curves)


def _with_travel(
    motion: WorldMotion, armature: bpy.types.Object, curves: Mapping[tuple[str, int], bpy.types.FCurve]
) -> WorldMotion:
    """Add the keyed location of the object to a motion, which is that of the object where it is now."""
    keyed = [curve for index in range(3) if (curve := curves.get(("location", index))) is not None and not curve.mute]
    if not keyed:
        return motion
    path = np.zeros((len(motion.frames), 3))
    for curve in keyed:
        own = armature.location[curve.array_index]
        path[:, curve.array_index] = [curve.evaluate(frame) - own for frame in motion.frames.tolist()]
    to_world = np.array(armature.matrix_world @ armature.matrix_basis.inverted())[:3, :3]
    shift = path @ to_world.T
    return replace(motion, positions={joint: points + shift for joint, points in motion.positions.items()})


def _follows_keys_alone(armature: bpy.types.Object, names: Iterable[str]) -> bool:
    """Whether no constraint moves a person's bones, such as that of an IK control, and no NLA track."""
    bones = pose_bones(armature)
    return not is_layered(armature) and all(constraint.mute for name in names for constraint in bones[name].constraints)


def _keyed_motion(
    armature: bpy.types.Object,
    bones: BoneMap,
    curves: Mapping[tuple[str, int], bpy.types.FCurve],
    frames: np.ndarray,
) -> WorldMotion:
    """Compute the motion from the keys of the bones, which is fast."""
    rest = RestPose.of_person(armature)
    rotations, positions = {}, {}
    for name, bone in bones.items():
        quaternions = _bone_values(curves, bone, "rotation_quaternion", (1.0, 0.0, 0.0, 0.0), frames)
        basis = quaternion_to_matrix(quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True))
        if name == ROOT:
            scale = np.array(armature.matrix_world.to_scale())[0]
            shift = _bone_values(curves, bone, "location", (0.0, 0.0, 0.0), frames)
            rotations[name] = rest.rotations[name] @ basis
            positions[name] = rest.heads[name] + scale * shift @ rest.rotations[name].T
            continue
        parent = PARENT_NAMES[name]
        parent_rotation = rotations[parent] @ rest.rotations[parent].T
        rotations[name] = parent_rotation @ rest.rotations[name] @ basis
        positions[name] = positions[parent] + parent_rotation @ (rest.heads[name] - rest.heads[parent])
    return WorldMotion(frames, rotations, positions)


def mapped_parent(joint: str, mapped: Mapping[str, object]) -> str:
    """Return the nearest ancestor of a joint, among SMPL's joints, that is in the map; the root if there is none."""
    parent = PARENT_NAMES.get(joint, ROOT)
    while parent != ROOT and parent not in mapped:
        parent = PARENT_NAMES[parent]
    return parent


def _bone_values(
    curves: Mapping[tuple[str, int], bpy.types.FCurve],
    bone: str,
    channel: str,
    default: tuple[float, ...],
    frames: np.ndarray,
) -> np.ndarray:
    """Evaluate a bone's channel on frames [N], giving [N, C]; parts without a curve have their default values."""
    path = bone_path(bone, channel)
    found = [curves.get((path, index)) for index in range(len(default))]
    columns = [
        [curve.evaluate(frame) for frame in frames] if curve else np.full(len(frames), value)
        for curve, value in zip(found, default, strict=True)
    ]
    return np.array(columns).T


def rotation_of(matrix: np.ndarray) -> np.ndarray:
    """Return the rotation [3, 3] of a transform [4, 4] with uniform scale."""
    scaled = matrix[:3, :3]
    return scaled / np.cbrt(np.linalg.det(scaled))
