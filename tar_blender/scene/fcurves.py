"""Actions and their F-curves, in every supported version of Blender."""

from collections.abc import Callable, Container, Iterable
from typing import Any, TypeAlias

import bpy
import numpy as np

Animated: TypeAlias = bpy.types.Object | bpy.types.Camera | bpy.types.Armature | bpy.types.Key

# Values of Blender's enumerations, which `foreach_set` takes instead of names. They are written as bytes, as Blender
# stores them: arrays of another type are converted value by value, which is slow.
LINEAR, BEZIER = 1, 2  # interpolation
ALIGNED = 3  # handle type
_AUTO_CLAMPED = 4  # handle type; takes effect if an animator changes the interpolation to Bezier


def curves_of(obj: Animated) -> Iterable[bpy.types.FCurve]:
    """Return the F-curves of the action assigned to an object."""
    return [] if obj.animation_data is None else _curves_used_by(obj.animation_data)


def all_curves_of(obj: Animated) -> Iterable[bpy.types.FCurve]:
    """Return the F-curves of the action assigned to an object, and of those in its NLA tracks."""
    return [curve for user in _users(obj) for curve in _curves_used_by(user)]


def _users(obj: Animated) -> list[Any]:
    """The users of an object's actions: its animation data and the strips of its NLA tracks."""
    animation: Any = obj.animation_data
    return (
        [] if animation is None else [animation, *(strip for track in animation.nla_tracks for strip in track.strips)]
    )


def _curves_used_by(user: Any) -> Iterable[bpy.types.FCurve]:
    """Return the F-curves that an object's animation data or an NLA strip plays."""
    if user.action is None:
        return []
    if not hasattr(user, "action_slot"):
        return list(user.action.fcurves)
    strips: list[Any] = [strip for layer in user.action.layers for strip in layer.strips]
    bags = [strip.channelbag(user.action_slot) for strip in strips] if user.action_slot else []
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


def find_action(obj: Animated, accept: Callable[[bpy.types.Action], bool]) -> tuple[bpy.types.Action, Any] | None:
    """Find an action that is assigned to an object, or to one of its NLA strips, and that is accepted.

    Returns:
        The action and the owner of its `fcurves` and `groups`, as `new_action` returns them.
    """
    for user in _users(obj):
        action = user.action
        if action is None or not accept(action):
            continue
        if not hasattr(action, "slots"):
            return action, action
        if user.action_slot is not None and action.layers and action.layers[0].strips:
            return action, action.layers[0].strips[0].channelbag(user.action_slot, ensure=True)
    return None


def remove_curves(channels: Any, paths: Container[str]) -> None:
    """Remove the curves of an action whose data paths are among `paths`."""
    for curve in list(channels.fcurves):
        if curve.data_path in paths:
            channels.fcurves.remove(curve)


def new_action(obj: Animated, name: str) -> tuple[bpy.types.Action, Any]:
    """Assign a new, empty action to an object, a camera's data or shape keys; returns the same as `empty_action`."""
    action, channels = empty_action(obj, name)
    animation = obj.animation_data_create()
    animation.action = action
    if hasattr(action, "slots"):
        animation.action_slot = action.slots[0]
    return action, channels


def empty_action(obj: Animated, name: str) -> tuple[bpy.types.Action, Any]:
    """Create an action for an object or for a camera's data, without assigning it.

    Returns:
        The action, and the owner of its `fcurves` and `groups`: since Blender 4.4 the channelbag of the action's slot,
        before that the action itself.
    """
    action = bpy.data.actions.new(name)
    if not hasattr(action, "slots"):
        action.id_root = obj.id_type
        return action, action
    slot = action.slots.new(id_type=obj.id_type, name=obj.name)
    strip: Any = action.layers.new("Motion").strips.new(type="KEYFRAME")
    return action, strip.channelbag(slot, ensure=True)


def copied_action(obj: Animated, action: bpy.types.Action) -> tuple[bpy.types.Action, Any]:
    """Copy an action that an object or its NLA tracks use; returns the same as `empty_action`."""
    copy = action.copy()
    if not hasattr(copy, "slots"):
        return copy, copy
    used = next(user.action_slot for user in _users(obj) if user.action == action and user.action_slot is not None)
    strip: Any = copy.layers[0].strips[0]
    return copy, strip.channelbag(copy.slots[used.identifier], ensure=True)


def add_driver(obj: Animated, path: str) -> bpy.types.Driver:
    """Add a driver to a property that is not an array; return it."""
    curve = obj.driver_add(path)
    assert isinstance(curve, bpy.types.FCurve) and curve.driver is not None
    return curve.driver


def write_curves(channels: Any, group_name: str, path: str, frames: np.ndarray, values: np.ndarray) -> None:
    """Write one curve with linear interpolation for each column of `values` [N, C]."""
    group = channels.groups.get(group_name) or channels.groups.new(group_name)
    for index in range(values.shape[1]):
        _write_curve(channels, group, path, index, frames, values[:, index])


def bone_path(bone: str, prop: str) -> str:
    """Return the data path of a pose bone's property."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{prop}'


def custom_property_path(bone: str, name: str) -> str:
    """Return the data path of a pose bone's custom property."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"]["{bpy.utils.escape_identifier(name)}"]'


def write_bone_curves(channels: Any, bone: str, prop: str, frames: np.ndarray, values: np.ndarray) -> None:
    """Write one curve for each column of `values` [N, C], in the bone's group."""
    write_curves(channels, bone, bone_path(bone, prop), frames, values)


def _write_curve(channels: Any, group: Any, path: str, index: int, frames: np.ndarray, values: np.ndarray) -> None:
    """Write a curve with a key on each of `frames` [N].

    The keys are written as arrays: `keyframe_insert` takes minutes for long clips.
    """
    curve = channels.fcurves.new(path, index=index)
    curve.group = group
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.stack([frames, values], 1).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), LINEAR, np.uint8))
    handles = np.full(len(frames), _AUTO_CLAMPED, np.uint8)
    points.foreach_set("handle_left_type", handles)
    points.foreach_set("handle_right_type", handles)
    curve.update()
