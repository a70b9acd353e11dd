"""Motions and poses of imported people as assets."""

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..retarget.skeleton_motion import WorldMotion, person_motion
from ..scene.fcurves import bone_path, copied_action, empty_action, write_bone_curves
from ..scene.layers import is_layered
from ..scene.metadata import unmark_part
from ..scene.sampling import sample
from ..util.blender_types import pose_bones
from .layer_merging import key_everything
from .motion_keys import captured_action
from .pose_picture import draw_poses

_TAG = "motion capture"
_PREVIEW_SIZE = 256  # pixels
_SAME = 1e-3  # largest difference of the first and the last value of a loop's curves
_ROTATION = "rotation_quaternion"


@dataclass(frozen=True)
class AssetText:
    """What the asset browser shows.

    Attributes:
        name: of the asset.
        about: facts about the motion.
        author: empty if unknown.
    """

    name: str
    about: str
    author: str = ""


def motion_asset(scene: bpy.types.Scene, armature: bpy.types.Object, text: AssetText) -> bpy.types.Action:
    """Make an asset of a person's motion: a copy with all layers merged, which imports and tools do not change.

    Raises:
        TarError: the person is linked, or has no captured motion.
    """
    action, _ = captured_action(armature)
    motion = person_motion(armature)
    copy, copied = copied_action(armature, action)
    if is_layered(armature):
        key_everything(scene, armature, copied, motion.frames)
    unmark_part(copy)
    copy.use_frame_range = True
    copy.frame_start, copy.frame_end = float(motion.frames[0]), float(motion.frames[-1])
    copy.use_cyclic = all(
        abs(curve.evaluate(copy.frame_start) - curve.evaluate(copy.frame_end)) < _SAME for curve in copied.fcurves
    )
    _publish(copy, text, armature, motion, np.linspace(0, len(motion.frames) - 1, 5)[1:4].astype(int))
    return copy


def pose_asset(scene: bpy.types.Scene, armature: bpy.types.Object, frame: int, text: AssetText) -> bpy.types.Action:
    """Make an asset of the rotations of all bones at a frame of a person's motion; raises as `motion_asset`."""
    _, captured = captured_action(armature)
    motion = person_motion(armature)
    keyed = {curve.data_path for curve in captured.fcurves}
    paths = {bone_path(bone.name, _ROTATION): bone.name for bone in pose_bones(armature)}
    paths = {path: bone for path, bone in paths.items() if path in keyed}
    values = sample(scene, armature, paths, np.array([frame]))
    action, channels = empty_action(armature, text.name)
    for path, bone in paths.items():
        write_bone_curves(channels, bone, _ROTATION, np.zeros(1), values[path])
    _publish(action, text, armature, motion, np.array([frame - int(motion.frames[0])]))
    return action


def _publish(
    action: bpy.types.Action, text: AssetText, armature: bpy.types.Object, motion: WorldMotion, rows: np.ndarray
) -> None:
    """Mark an action as an asset, with a preview of some poses."""
    action.name = text.name
    action.asset_mark()
    about: Any = action.asset_data
    about.description, about.author = text.about, text.author
    about.tags.new(_TAG, skip_if_exists=True)
    joints = {joint: positions[rows] for joint, positions in motion.positions.items()}
    across = (joints["left_hip"] - joints["right_hip"])[len(rows) // 2]
    picture = draw_poses(joints, float(np.arctan2(across[1], across[0])), _PREVIEW_SIZE)
    preview: Any = action.preview_ensure()
    preview.image_size = (_PREVIEW_SIZE, _PREVIEW_SIZE)
    preview.image_pixels_float.foreach_set(picture.astype(np.float32).ravel())
