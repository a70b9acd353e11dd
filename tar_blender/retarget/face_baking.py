"""Bake the captured shape keys of a face to the meshes of a character, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from tar_core.face_names import FACE_KEY_NAMES

from ..scene.face_keys import GROUP, value_path
from ..scene.fcurves import curves_of, new_action, write_curves
from ..scene.metadata import person_objects
from .known_face_keys import find_face_keys


@dataclass
class FaceBake:
    """What was baked to a character's face.

    Attributes:
        is_captured: whether the person has a captured face.
        keys: names of the shape keys that got keys.
        driven: names of those that follow a driver and were left as they are.
    """

    is_captured: bool = False
    keys: list[str] = field(default_factory=list)
    driven: list[str] = field(default_factory=list)

    def messages(self) -> list[str]:
        """Return lines about the face, if it was captured."""
        if not self.is_captured:
            return []
        driven = [f"shape keys with drivers, left as they are: {', '.join(self.driven)}"] if self.driven else []
        if not (self.keys or self.driven):
            return ["the captured face was left out: the character has no shape keys with known names"]
        return [f"face: {len(self.keys)} shape keys", *driven]


def bake_face(person: bpy.types.Object, character: bpy.types.Object, frames: np.ndarray) -> FaceBake:
    """Bake the captured face of a person to the meshes of a character.

    The shape keys of each mesh get a new action. Their other actions are kept.

    Args:
        person: the armature of an imported person.
        character: the armature of the character.
        frames: [N] scene frames.
    """
    values = captured_values(person, frames)
    baked = FaceBake(is_captured=bool(values))
    for shape_keys, name in _faces(character).items() if values else ():
        found = find_face_keys(key.name for key in shape_keys.key_blocks)
        driven = _driven(shape_keys)
        columns: dict[str, np.ndarray] = {}
        for key, sources in found.items():
            known = [values[source] for source in sources if source in values]
            if known and key in driven:
                baked.driven.append(key)
            elif known:
                columns[key] = np.mean(known, axis=0)
        if columns:
            _bake(shape_keys, f"{name} {person.name} Face", frames, columns)
            baked.keys += columns
    return baked


def captured_values(person: bpy.types.Object, frames: np.ndarray) -> dict[str, np.ndarray]:
    """The values [N] of the animated shape keys of a person's face at scene frames [N]; empty if there are none."""
    paths = {value_path(name): name for name in FACE_KEY_NAMES}
    for part in person_objects(person):
        shape_keys = _shape_keys(part)
        curves = [curve for curve in curves_of(shape_keys) if curve.data_path in paths] if shape_keys else []
        if curves:
            return {
                paths[curve.data_path]: np.array([curve.evaluate(frame) for frame in frames.tolist()])
                for curve in curves
            }
    return {}


def _faces(character: bpy.types.Object) -> dict[Any, str]:
    """The shape keys of the meshes that a character moves, except linked ones, and the names of their objects."""
    found = {_shape_keys(obj): obj.name for obj in bpy.data.objects if obj.find_armature() == character}
    return {shape_keys: name for shape_keys, name in found.items() if shape_keys and shape_keys.library is None}


def _shape_keys(obj: bpy.types.Object) -> Any:
    """The shape keys of an object; None if it is no mesh or has none."""
    return obj.data.shape_keys if isinstance(obj.data, bpy.types.Mesh) else None


def _driven(shape_keys: Any) -> set[str]:
    drivers = shape_keys.animation_data.drivers if shape_keys.animation_data else ()
    paths = {curve.data_path for curve in drivers if not curve.mute}
    return {key.name for key in shape_keys.key_blocks if value_path(key.name) in paths}


def _bake(shape_keys: Any, name: str, frames: np.ndarray, columns: Mapping[str, np.ndarray]) -> None:
    """Assign a new action with values [N] of shape keys. Those that are zero all the time get one key frame."""
    previous = shape_keys.animation_data and shape_keys.animation_data.action
    if previous:
        previous.use_fake_user = True  # otherwise it would not be saved with the file
    _, channels = new_action(shape_keys, name)
    for key, values in columns.items():
        count = len(frames) if values.any() else 1
        write_curves(channels, GROUP, value_path(key), frames[:count], values[:count, None])
