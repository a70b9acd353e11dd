"""Contacts of a person as keys, which the Dope Sheet shows as one strip for each foot and hand.

They are in an action of the armature's data, so that the action of the poses, its NLA strips and exports do not change.
"""

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from tar_core.edits import EFFECTORS, FEET, Effector

from ..util.blender_types import data_of
from .fcurves import find_action, new_action, remove_curves
from .metadata import is_part, mark_part

# In saved files: never change them. Older files have no keys of hands.
_NAMES: dict[Effector, str] = {
    "left_foot": "Left Foot Contact",
    "right_foot": "Right Foot Contact",
    "left_hand": "Left Hand Contact",
    "right_hand": "Right Hand Contact",
}
# Types of keys, which have colors in the Dope Sheet: as found, locked by the user, released by the user.
_FOUND, _LOCKED, _RELEASED = "KEYFRAME", "EXTREME", "JITTER"


def show_contacts(armature: bpy.types.Object, frames: np.ndarray, contacts: np.ndarray, marks: np.ndarray) -> None:
    """Key the contacts of feet and hands. An action that the user gave to the armature's data is kept instead.

    Args:
        armature: of the person.
        frames: [N] consecutive scene frames.
        contacts: [N, 4] bool; of EFFECTORS.
        marks: [N, 4] edited contacts (`PersonEdits.contact_marks`).
    """
    data = data_of(armature, bpy.types.Armature)
    found = find_action(data, is_part)
    if found is None:
        if data.animation_data is not None and data.animation_data.action is not None:
            return
        found = new_action(data, f"{armature.name} Contacts")
        mark_part(found[0])
    channels = found[1]
    remove_curves(channels, {_path(effector) for effector in EFFECTORS})
    for number, effector in enumerate(EFFECTORS):
        data[_NAMES[effector]] = 0
        owner: Any = data  # the stubs declare that `id_properties_ui` returns nothing
        about = owner.id_properties_ui(_NAMES[effector])
        about.update(min=0, max=1, description=f"Whether the {effector.replace('_', ' ')} is locked in place")
        curve = channels.fcurves.new(_path(effector), index=0)
        keys = list(_keys(contacts[:, number], marks[:, number]))
        curve.keyframe_points.add(len(keys))
        for point, (index, value, kind) in zip(curve.keyframe_points, keys, strict=True):
            point.co, point.interpolation, point.type = (float(frames[index]), float(value)), "CONSTANT", kind
        for (_, value, _), (_, following, _), point in zip(keys, keys[1:], curve.keyframe_points, strict=False):
            if value == following:  # equally constant, and the bar of the Dope Sheet has no line across it
                point.interpolation = "BEZIER"
        curve.update()


def contacts_of(armature: bpy.types.Object) -> tuple[int, np.ndarray] | None:
    """The keyed contacts of a person: the first scene frame, and [N, 4] bool; None if there are no keys."""
    found = find_action(data_of(armature, bpy.types.Armature), is_part)
    if found is None:
        return None
    curves = {curve.data_path: curve for curve in found[1].fcurves if len(curve.keyframe_points)}
    keys = {
        effector: np.array([point.co for point in curves[_path(effector)].keyframe_points], float)
        for effector in EFFECTORS
        if _path(effector) in curves
    }
    if not set(EFFECTORS[FEET]) <= set(keys):
        return None
    first, last = round(min(key[0, 0] for key in keys.values())), round(max(key[-1, 0] for key in keys.values()))
    contacts = np.zeros((last + 1 - first, len(EFFECTORS)), bool)
    for effector, key in keys.items():
        rows = (np.searchsorted(key[:, 0], np.arange(first, last + 1) + 0.5) - 1).clip(0)
        contacts[:, EFFECTORS.index(effector)] = key[rows, 1] > 0.5
    return first, contacts


def _path(effector: Effector) -> str:
    return f'["{_NAMES[effector]}"]'


def _keys(contacts: np.ndarray, marks: np.ndarray) -> Iterator[tuple[int, int, Any]]:
    """Index, value and type of the keys of one foot or hand.

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
