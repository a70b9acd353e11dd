"""The travel of a person over the ground: in the pelvis, as captured, or in the object of the armature."""

import math
from typing import Any

import bpy
import numpy as np

from .fcurves import write_curves

_GROUP = "Travel"  # of the object's curves in saved files: never change it
_START = "tar_travel_start"  # custom property of the object in saved files: never change it
_PATH = "location"


def has_travel(channels: Any) -> bool:
    """Whether the curves of an action contain the travel, in the object's location."""
    return bool(_curves(channels))


def write_travel(
    armature: bpy.types.Object, channels: Any, frames: np.ndarray, locations: np.ndarray, muted: bool
) -> None:
    """Key the location of the object, [N, 3] in the space of its parent.

    Muted curves keep the travel for later; the object is then where it begins.
    """
    armature[_START] = armature.location[:]
    write_curves(channels, _GROUP, _PATH, frames, locations)
    for curve in _curves(channels):
        curve.mute = muted
    if muted:
        armature.location = locations[0].tolist()


def read_travel(armature: bpy.types.Object, channels: Any, frames: np.ndarray) -> np.ndarray:
    """Return the locations [N, 3] of the object that `write_travel` has keyed, from where the object was before."""
    curves = sorted(_curves(channels), key=lambda curve: int(curve.array_index))
    locations = np.array([[curve.evaluate(float(frame)) for curve in curves] for frame in frames])
    return locations - _start(armature, curves)


def remove_travel(armature: bpy.types.Object, channels: Any) -> None:
    """Remove the curves of the travel; the object is then where it was before."""
    curves = sorted(_curves(channels), key=lambda curve: int(curve.array_index))
    if not curves:
        return
    armature.location = _start(armature, curves).tolist()
    armature.pop(_START, None)
    for curve in curves:
        channels.fcurves.remove(curve)


def _start(armature: bpy.types.Object, curves: list[bpy.types.FCurve]) -> np.ndarray:
    """Where the object was before the travel was keyed, [3]. In files without a record, the travel began there."""
    recorded: Any = armature.get(_START)
    values = list(recorded) if hasattr(recorded, "__len__") and len(recorded) == 3 else []
    if values and all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return np.array(values, float)
    start = np.array(armature.location)
    for curve in curves:
        start[curve.array_index] = curve.keyframe_points[0].co.y
    return start


def _curves(channels: Any) -> list[bpy.types.FCurve]:
    return [
        curve
        for curve in channels.fcurves
        if curve.data_path == _PATH and curve.group is not None and curve.group.name == _GROUP and curve.keyframe_points
    ]
