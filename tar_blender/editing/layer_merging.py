"""Merge the layers of a person into one action."""

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
    frames = np.arange(first, last + 1)
    curves = list(all_curves_of(armature))
    groups = {curve.data_path: curve.group.name if curve.group else "Merged" for curve in curves}
    values = sample(scene, armature, groups, frames)
    remove_layers(armature)
    remove_curves(channels, groups)
    for path, group in groups.items():
        found = values[path]
        write_curves(channels, group, path, frames, continuous_quaternions(found) if "quaternion" in path else found)
