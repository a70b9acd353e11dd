"""Actions and their curves, in every version of Blender."""

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

# Numbers of Blender's enumerations, which foreach_set takes instead of names; as bytes, which is how Blender keeps them
# (of another width, each value is converted by itself).
CONSTANT, LINEAR, BEZIER = 0, 1, 2  # interpolation
ALIGNED = 3  # handles
_AUTO_CLAMPED = 4  # handles, for whoever changes the interpolation to Bezier


def curves_of(thing: bpy.types.Object) -> Iterable[bpy.types.FCurve]:
    """The curves of the action that drives an object."""
    animation = thing.animation_data
    if animation is None or animation.action is None:
        return []
    if not hasattr(animation, "action_slot"):
        return animation.action.fcurves
    strips = [strip for layer in animation.action.layers for strip in layer.strips]
    bags = [strip.channelbag(animation.action_slot) for strip in strips] if animation.action_slot else []
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


def new_action(thing: bpy.types.ID, name: str) -> tuple[bpy.types.Action, Any]:
    """An empty action that drives an object or a camera's data, and what holds its curves (`fcurves` and `groups`).

    Blender 4.4 and newer keep the curves of each driven object in a channelbag of its own, older ones in the action.
    """
    action = bpy.data.actions.new(name)
    animation = thing.animation_data_create()
    animation.action = action
    if not hasattr(action, "slots"):
        return action, action
    slot = action.slots.new(id_type=thing.id_type, name=thing.name)
    strip = action.layers.new("Motion").strips.new(type="KEYFRAME")
    animation.action_slot = slot
    return action, strip.channelbag(slot, ensure=True)


def write_curves(channels: Any, group_name: str, path: str, frames: np.ndarray, values: np.ndarray) -> None:
    """One curve for each column of `values` [N, C]."""
    group = channels.groups.get(group_name) or channels.groups.new(group_name)
    for index in range(values.shape[1]):
        write_curve(channels, group, path, index, frames, values[:, index], LINEAR)


def write_bone_curves(channels: Any, bone: str, prop: str, frames: np.ndarray, values: np.ndarray) -> None:
    """One curve for each column of `values` [N, C], in the bone's group."""
    write_curves(channels, bone, f'pose.bones["{bone}"].{prop}', frames, values)


def write_curve(
    channels: Any, group: Any, path: str, index: int, frames: np.ndarray, values: np.ndarray, interpolation: int
) -> None:
    """Arrays at once: keyframe_insert takes minutes for long clips."""
    curve = channels.fcurves.new(path, index=index)
    curve.group = group
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.stack([frames, values], 1).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), interpolation, np.uint8))
    handles = np.full(len(frames), _AUTO_CLAMPED, np.uint8)
    points.foreach_set("handle_left_type", handles)
    points.foreach_set("handle_right_type", handles)
    curve.update()
