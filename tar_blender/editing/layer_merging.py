"""Merge the layers of a person into one action."""

from typing import Any

import bpy
import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import continuous_quaternions

from ..scene.fcurves import all_curves_of, remove_curves, write_curves
from ..scene.keyframes import whole_frames
from ..scene.layers import is_layered, remove_layers
from ..scene.sampling import sample
from .motion_keys import captured_action


def merge_layers(scene: bpy.types.Scene, armature: bpy.types.Object) -> None:
    """Key what all layers show together on every frame of the captured motion, in its action.

    The actions of the layers are kept, without users.

    Raises:
        TarError: the person has no layers, is linked, or the captured motion was removed.
    """
    action, channels = captured_action(armature)
    if not is_layered(armature):
        raise TarError(f"{armature.name} has no layers")
    first, last = whole_frames(action)
    key_everything(scene, armature, channels, np.arange(first, last + 1))
    remove_layers(armature)


def key_everything(scene: bpy.types.Scene, armature: bpy.types.Object, channels: Any, frames: np.ndarray) -> None:
    """Key what all actions of a person show together on frames [N].

    Args:
        channels: owner of the curves of the action that gets the keys.
    """
    groups = {curve.data_path: curve.group.name if curve.group else "Merged" for curve in all_curves_of(armature)}
    values = sample(scene, armature, groups, frames)
    remove_curves(channels, groups)
    for path, group in groups.items():
        found = continuous_quaternions(values[path]) if "quaternion" in path else values[path]
        count = len(frames) if np.ptp(found, axis=0).any() else 1
        write_curves(channels, group, path, frames[:count], found[:count])
