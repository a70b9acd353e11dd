"""Animation layers: the captured motion in an NLA track, and an action on top that is added to it."""

from collections.abc import Iterator
from typing import Any

import bpy

from tar_core.errors import TarError

from .fcurves import find_action, new_action
from .metadata import is_part

_BASE = "Captured Motion"  # name of the track in saved files: never change it


def is_layered(armature: bpy.types.Object) -> bool:
    """Whether an NLA track moves a person."""
    animation = armature.animation_data
    return animation is not None and any(track.strips for track in animation.nla_tracks)


def add_layer(armature: bpy.types.Object) -> bpy.types.Action:
    """Move the action of a person to a track of its own, and add an empty one, whose keys are added to the motion.

    Raises:
        TarError: the person has no action, or uses only a part of its tracks.
    """
    animation: Any = armature.animation_data
    if animation is None or animation.action is None:
        raise TarError(f"{armature.name} has no action; re-import the clip")
    if animation.use_tweak_mode:
        raise TarError(f"{armature.name}: leave the tweak mode of the NLA editor first")
    below, slot = animation.action, getattr(animation, "action_slot", None)
    blend = animation.action_blend_type
    track = animation.nla_tracks.new()
    track.name = _BASE if is_part(below) else below.name
    strip = track.strips.new(below.name, round(below.frame_range[0]), below)
    if slot is not None:
        strip.action_slot = slot
    strip.blend_type, strip.extrapolation = blend, animation.action_extrapolation
    animation.action = None
    layer, _ = new_action(armature, f"{armature.name} Layer")
    animation.action_blend_type = "COMBINE"
    return layer


def remove_layers(armature: bpy.types.Object) -> None:
    """Make the captured motion the only action of a person again; the tracks are removed, their actions are kept.

    Raises:
        TarError: the captured motion was removed.
    """
    found = find_action(armature, is_part)
    if found is None:
        raise TarError(f"{armature.name} has no captured motion; re-import the clip")
    action = found[0]
    animation: Any = armature.animation_data
    slots = [strip.action_slot for strip in _strips(armature, action)] if hasattr(animation, "action_slot") else []
    for track in list(animation.nla_tracks):
        animation.nla_tracks.remove(track)
    animation.action = action
    animation.action_blend_type = "REPLACE"
    if slots:
        animation.action_slot = slots[0]


def fit_layers(armature: bpy.types.Object) -> None:
    """Fit the strip of the captured motion to new keys; call this after they were written.

    A strip that was moved, scaled, repeated or cut is left as it is.
    """
    found = find_action(armature, is_part)
    if found is None:
        return
    frames: Any = found[0].curve_frame_range
    for strip in _strips(armature, found[0]):
        is_whole = strip.frame_start == strip.action_frame_start and strip.frame_end == strip.action_frame_end
        if is_whole and strip.scale == 1 and strip.repeat == 1:
            strip.action_frame_start, strip.action_frame_end = frames
            strip.frame_start_ui, strip.frame_end_ui = frames


def _strips(armature: bpy.types.Object, action: bpy.types.Action) -> Iterator[Any]:
    """The strips of a person that play an action."""
    animation: Any = armature.animation_data
    return (strip for track in animation.nla_tracks for strip in track.strips if strip.action == action)
