"""Foot contacts of a person as keys, which the Dope Sheet shows as one strip for each foot.

They are in an action of the armature's data, so that the action of the poses, its NLA strips and exports do not change.
"""

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from tar_core.edits import FEET

from ..util.blender_types import data_of
from .fcurves import find_action, new_action, remove_curves
from .metadata import is_part, mark_part

_NAMES = {"left": "Left Foot Contact", "right": "Right Foot Contact"}  # in saved files: never change them
# Types of keys, which have colors in the Dope Sheet: as found, locked by the user, released by the user.
_FOUND, _LOCKED, _RELEASED = "KEYFRAME", "EXTREME", "JITTER"


def show_contacts(armature: bpy.types.Object, frames: np.ndarray, contacts: np.ndarray, marks: np.ndarray) -> None:
    """Key the contacts of the feet. An action that the user gave to the armature's data is kept instead.

    Args:
        armature: of the person.
        frames: [N] consecutive scene frames.
        contacts: [N, 2] bool; of the left and the right foot.
        marks: [N, 2] edited contacts (`PersonEdits.contact_marks`).
    """
    data = data_of(armature, bpy.types.Armature)
    found = find_action(data, is_part)
    if found is None:
        if data.animation_data is not None and data.animation_data.action is not None:
            return
        found = new_action(data, f"{armature.name} Contacts")
        mark_part(found[0])
    channels = found[1]
    remove_curves(channels, {_path(foot) for foot in FEET})
    for number, foot in enumerate(FEET):
        data[_NAMES[foot]] = 0
        owner: Any = data  # the stubs declare that `id_properties_ui` returns nothing
        about = owner.id_properties_ui(_NAMES[foot])
        about.update(min=0, max=1, description="Whether the foot is locked in place")
        curve = channels.fcurves.new(_path(foot), index=0)
        keys = list(_keys(contacts[:, number], marks[:, number]))
        curve.keyframe_points.add(len(keys))
        for point, (index, value, kind) in zip(curve.keyframe_points, keys, strict=True):
            point.co, point.interpolation, point.type = (float(frames[index]), float(value)), "CONSTANT", kind
        for (_, value, _), (_, following, _), point in zip(keys, keys[1:], curve.keyframe_points, strict=False):
            if value == following:  # equally constant, and the bar of the Dope Sheet has no line across it
                point.interpolation = "BEZIER"
        curve.update()


def contacts_of(armature: bpy.types.Object) -> tuple[int, np.ndarray] | None:
    """The keyed contacts of a person: the first scene frame, and [N, 2] bool; None if there are no keys."""
    found = find_action(data_of(armature, bpy.types.Armature), is_part)
    if found is None:
        return None
    curves = {curve.data_path: curve for curve in found[1].fcurves if len(curve.keyframe_points)}
    if not all(_path(foot) in curves for foot in FEET):
        return None
    keys = [np.array([point.co for point in curves[_path(foot)].keyframe_points], float) for foot in FEET]
    first, last = round(min(key[0, 0] for key in keys)), round(max(key[-1, 0] for key in keys))
    frames = np.arange(first, last + 1)
    rows = [(np.searchsorted(key[:, 0], frames + 0.5) - 1).clip(0) for key in keys]
    return first, np.stack([key[row, 1] > 0.5 for key, row in zip(keys, rows, strict=True)], 1)


def _path(foot: str) -> str:
    return f'["{_NAMES[foot]}"]'


def _keys(contacts: np.ndarray, marks: np.ndarray) -> Iterator[tuple[int, int, Any]]:
    """Index, value and type of the keys of one foot.

    Contacts and edited ranges have a key at both ends, between which the Dope Sheet draws a bar.
    """
    last = len(contacts) - 1
    starts = np.flatnonzero(np.r_[True, (np.diff(contacts.astype(int)) != 0) | (np.diff(marks) != 0)])
    for start, end in zip(starts, [*(starts[1:] - 1), last], strict=True):
        value, mark = int(contacts[start]), int(marks[start])
        kind = {1: _LOCKED, -1: _RELEASED, 0: _FOUND}[mark]
        yield int(start), value, kind
        if end > start and (value or mark or end == last):
            yield int(end), value, kind
