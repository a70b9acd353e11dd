"""Merge the layers of a person into one action."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import continuous_quaternions

from ..scene.fcurves import all_curves_of, empty_action, remove_curves, write_curves
from ..scene.keyframes import motion_range, whole_frames
from ..scene.layers import is_layered, remove_layers
from ..scene.metadata import is_part, is_person
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


@contextlib.contextmanager
def with_merged_layers(scene: bpy.types.Scene, objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Give layered people one action with what their layers show together; restore the layers afterwards.

    Exporters write only the active action of an object.
    """
    with contextlib.ExitStack() as stack:
        for obj in objects:
            if is_person(obj) and is_layered(obj):
                stack.enter_context(_merged(scene, obj))
        yield


def _shown_range(armature: bpy.types.Object) -> tuple[int, int]:
    """The first and the last frame in which strips, or the action, show the captured motion of a layered person."""
    animation: Any = armature.animation_data
    tracks = [track for track in animation.nla_tracks if not track.mute]
    strips = [strip for track in tracks for strip in track.strips if not strip.mute]
    captured = [strip for strip in strips if strip.action is not None and is_part(strip.action)]
    ranges = [(round(strip.frame_start), round(strip.frame_end)) for strip in captured or strips]
    if not captured and (found := motion_range(armature)) is not None:
        ranges = [found]
    if not ranges:
        return whole_frames(animation.action) if animation.action is not None else (0, 0)
    return min(first for first, _ in ranges), max(last for _, last in ranges)


@contextlib.contextmanager
def _merged(scene: bpy.types.Scene, armature: bpy.types.Object) -> Iterator[None]:
    animation: Any = armature.animation_data
    names = ("action", "action_slot", "action_blend_type", "action_influence", "use_nla")
    before = {name: getattr(animation, name) for name in names if hasattr(animation, name)}
    if animation.action is None:
        before.pop("action_slot", None)  # cannot be set without an action
    first, last = _shown_range(armature)
    merged, channels = empty_action(armature, f"{armature.name} Merged")
    try:
        key_everything(scene, armature, channels, np.arange(first, last + 1))
        animation.use_nla, animation.action = False, merged
        if hasattr(merged, "slots"):
            animation.action_slot = merged.slots[0]
        animation.action_blend_type, animation.action_influence = "REPLACE", 1.0
        yield
    finally:
        for name, value in before.items():
            setattr(animation, name, value)
        bpy.data.actions.remove(merged)
        scene.frame_set(scene.frame_current)
