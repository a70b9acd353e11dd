"""The travel of a person over the ground: in the pelvis, as captured, or in the object of the armature."""

from typing import Any

import bpy
import numpy as np

from .fcurves import write_curves

_GROUP = "Travel"  # of the object's curves in saved files: never change it
_PATH = "location"


def has_travel(channels: Any) -> bool:
    """Whether the curves of an action contain the travel, in the object's location."""
    return bool(_curves(channels))


def write_travel(channels: Any, frames: np.ndarray, locations: np.ndarray, muted: bool) -> None:
    """Key the location of the object, [N, 3] in the space of its parent; muted curves keep it for later."""
    write_curves(channels, _GROUP, _PATH, frames, locations)
    for curve in _curves(channels):
        curve.mute = muted


def read_travel(channels: Any, frames: np.ndarray) -> np.ndarray:
    """Return the locations [N, 3] of the object that `write_travel` has keyed."""
    curves = sorted(_curves(channels), key=lambda curve: int(curve.array_index))
    return np.array([[curve.evaluate(float(frame)) for curve in curves] for frame in frames])


def remove_travel(armature: bpy.types.Object, channels: Any) -> None:
    """Remove the curves of the travel; the object is then where the travel begins."""
    curves = _curves(channels)
    for curve in curves:
        armature.location[curve.array_index] = curve.keyframe_points[0].co.y
    for curve in curves:
        channels.fcurves.remove(curve)


def _curves(channels: Any) -> list[bpy.types.FCurve]:
    return [
        curve
        for curve in channels.fcurves
        if curve.data_path == _PATH and curve.group is not None and curve.group.name == _GROUP and curve.keyframe_points
    ]
