"""Write the channels of a character's bones as a new action."""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Quaternion

from tar_core.rotations import continuous_quaternions, matrix_to_quaternion

from ..scene.fcurves import bone_path, new_action, remove_curves, write_bone_curves, write_curves
from ..util.blender_types import pose_bones
from .pose_solver import BoneChannels

TRANSFORMS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
_LEFT_OVER = 1e-4  # meters, or as a factor


@dataclass(frozen=True)
class Bake:
    """An action that is baked.

    Attributes:
        action: the action.
        curves: the owner of its curves; see `new_action`.
    """

    action: bpy.types.Action
    curves: Any

    def key_rotations(self, bone: bpy.types.PoseBone, frames: np.ndarray, rotations: np.ndarray) -> None:
        """Key rotations [N, 3, 3] relative to rest, in the bone's rotation mode."""
        channel, values = _rotation_values(bone.rotation_mode, rotations)
        write_bone_curves(self.curves, bone.name, channel, frames, values)

    def key_transforms(self, bone: bpy.types.PoseBone, frames: np.ndarray, transforms: np.ndarray) -> None:
        """Key rotation and location of transforms [N, 4, 4] relative to rest, in place of other keys."""
        remove_curves(self.curves, {bone_path(bone.name, prop) for prop in TRANSFORMS})
        self.key_rotations(bone, frames, transforms[:, :3, :3])
        write_bone_curves(self.curves, bone.name, "location", frames, transforms[:, :3, 3])
        _reset(self.curves, bone, "scale", 1.0, frames)

    def reset(self, bone: bpy.types.PoseBone, frames: np.ndarray) -> None:
        """Key the rest pose of a bone on the first frame, if it has another pose."""
        if np.abs(np.array(bone.matrix_basis) - np.eye(4)).max() > _LEFT_OVER:
            self.key_transforms(bone, frames[:1], np.eye(4)[None])

    def key_setting(self, path: str, frame: int, value: float) -> None:
        """Key a property on one frame, and on no other."""
        remove_curves(self.curves, {path})
        write_curves(self.curves, "Settings", path, np.array([frame]), np.array([[value]]))

    def turn_off(self, path: str, value: float, frames: np.ndarray) -> None:
        """Key an influence so that it is 0 on the baked frames and has its value on all others."""
        first, last = float(frames[0]), float(frames[-1])
        values = np.array([[value], [0.0], [value]])
        write_curves(self.curves, "Settings", path, np.array([first - 1, first, last + 1]), values)
        for curve in self.curves.fcurves:
            for point in curve.keyframe_points if curve.data_path == path else ():
                point.interpolation = "CONSTANT"
        self.action.use_frame_range = True  # the keys outside do not belong to the motion
        self.action.frame_start, self.action.frame_end = first, last

    def remove_keys(self, bone: bpy.types.PoseBone) -> None:
        """Remove the keys of a bone, and its pose."""
        remove_curves(self.curves, {bone_path(bone.name, prop) for prop in TRANSFORMS})
        bone.matrix_basis.identity()


def bake(character: bpy.types.Object, name: str, frames: np.ndarray, channels: BoneChannels) -> Bake:
    """Assign a new action with a key on every frame; return it. The previous action is kept.

    Each bone keeps its rotation mode, so that its other actions still fit. Location and scale that were left on the
    bones are reset by a key on the first frame.

    Args:
        character: the armature.
        name: of the action.
        frames: [N] scene frames.
        channels: of N frames.
    """
    previous = character.animation_data and character.animation_data.action
    if previous:
        previous.use_fake_user = True  # otherwise it would not be saved with the file
    baked = Bake(*new_action(character, name))
    bones = pose_bones(character)
    for bone, rotations in channels.rotations.items():
        baked.key_rotations(bones[bone], frames, rotations)
        _reset(baked.curves, bones[bone], "scale", 1.0, frames)
        if bone not in channels.locations:
            _reset(baked.curves, bones[bone], "location", 0.0, frames)
    for bone, locations in channels.locations.items():
        write_bone_curves(baked.curves, bone, "location", frames, locations)
    return baked


def _reset(curves: Any, bone: bpy.types.PoseBone, prop: str, value: float, frames: np.ndarray) -> None:
    if np.abs(np.array(getattr(bone, prop)) - value).max() > _LEFT_OVER:
        write_bone_curves(curves, bone.name, prop, frames[:1], np.full((1, 3), value))


def _rotation_values(mode: str, rotations: np.ndarray) -> tuple[str, np.ndarray]:
    """Return the name and the values [N, 3 or 4] of the channel of a rotation mode, continuous over time.

    Args:
        mode: `PoseBone.rotation_mode`.
        rotations: [N, 3, 3].
    """
    quaternions = continuous_quaternions(matrix_to_quaternion(rotations))
    if mode == "QUATERNION":
        return "rotation_quaternion", quaternions
    if mode == "AXIS_ANGLE":
        return "rotation_axis_angle", _axis_angles(quaternions)
    angles: list[Euler] = []
    for quaternion in quaternions.tolist():
        angles.append(Quaternion(quaternion).to_euler(mode, *angles[-1:]))
    return "rotation_euler", np.array(angles)


def _axis_angles(quaternions: np.ndarray) -> np.ndarray:
    """Return the angle and the axis [N, 4] of continuous quaternions [N, 4]; small angles take over the last axis."""
    sines = np.linalg.norm(quaternions[:, 1:], axis=1)
    axis = np.array([0.0, 1.0, 0.0])
    values = np.empty_like(quaternions)
    for index, (quaternion, sine) in enumerate(zip(quaternions, sines, strict=True)):
        if sine > 1e-6:
            axis = quaternion[1:] / sine if quaternion[1:] @ axis >= 0 else -quaternion[1:] / sine
        sign = np.sign(quaternion[1:] @ axis) or 1.0
        values[index] = [2 * np.arctan2(sign * sine, quaternion[0]), *axis]
    values[:, 0] = np.unwrap(values[:, 0])
    return values
