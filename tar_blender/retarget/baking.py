"""Write the channels of a character's bones as a new action."""

from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Quaternion

from tar_core.rotations import continuous_quaternions, matrix_to_quaternion

from ..scene.fcurves import new_action, write_bone_curves
from ..util.blender_types import pose_bones
from .pose_solver import BoneChannels

_LEFT_OVER = 1e-4  # meters, or as a factor


def bake(character: bpy.types.Object, name: str, frames: np.ndarray, channels: BoneChannels) -> bpy.types.Action:
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
    action, curves = new_action(character, name)
    for bone_name, rotations in channels.rotations.items():
        bone = pose_bones(character)[bone_name]
        channel, values = _rotation_values(bone.rotation_mode, rotations)
        write_bone_curves(curves, bone_name, channel, frames, values)
        _reset(curves, bone, "scale", 1.0, frames)
        if bone_name != channels.carrier:
            _reset(curves, bone, "location", 0.0, frames)
    write_bone_curves(curves, channels.carrier, "location", frames, channels.locations)
    return action


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
