"""The shape keys of a body's face."""

from typing import Any

import bpy
import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.face_keys import load_face_keys
from tar_core.face_names import FACE_KEY_NAMES
from tar_core.motion import PersonMotion

from ..util.blender_types import data_of
from ..util.incremental import Incremental
from .armature import SMPL_TO_BLENDER
from .fcurves import remove_curves, write_curves
from .keyframes import motion_action

BASIS = "Basis"
GROUP = "Face"  # of the curves


def has_face(body: BodyData) -> bool:
    """Whether a body is the free body, whose face has shape keys; SMPL's bodies have none."""
    return body.name == "free"


def face_steps(
    body_object: bpy.types.Object, body: BodyData, person: PersonMotion, start_frame: int, with_keys: bool
) -> Incremental[None]:
    """Add the shape keys of the face and key their captured values, if the body has a face.

    Args:
        body: of the clip.
        person: the motion; video frame k becomes scene frame start_frame + k.
        with_keys: whether to add shape keys to a face that was not captured.
    """
    if not has_face(body) or not (with_keys or person.face_values is not None):
        return
    yield from face_key_steps(body_object)
    mesh = data_of(body_object, bpy.types.Mesh)
    if person.face_values is not None and mesh.shape_keys is not None:
        yield
        key_face(mesh.shape_keys, f"{body_object.name} Face", start_frame + person.frames, person.face_values)


def key_face(shape_keys: bpy.types.Key, name: str, frames: np.ndarray, values: np.ndarray) -> None:
    """Key the shape keys of a face, in place of the keys of an earlier import.

    Keys that are zero all the time get one key frame. Shape keys that the user has removed are left out.

    Args:
        shape_keys: of the body.
        name: of a new action.
        frames: [N] scene frames.
        values: [N, 52] of FACE_KEY_NAMES.
    """
    _, channels = motion_action(shape_keys, name)
    present = {key.name for key in shape_keys.key_blocks}
    remove_curves(channels, set(map(value_path, FACE_KEY_NAMES)))
    for key, column in zip(FACE_KEY_NAMES, values.T, strict=True):
        if key in present:
            count = len(frames) if column.any() else 1
            write_curves(channels, GROUP, value_path(key), frames[:count], column[:count, None])


def value_path(key: str) -> str:
    """The data path of the value of a shape key."""
    return f'key_blocks["{bpy.utils.escape_identifier(key)}"].value'


def face_key_steps(body_object: bpy.types.Object) -> Incremental[None]:
    """Add the shape keys of the free body's face, named as ARKit's, with the value 0.

    Keys that exist stay as they are, and so does a mesh whose vertices the user has changed.
    """
    mesh = data_of(body_object, bpy.types.Mesh)
    keys = load_face_keys()
    if len(mesh.vertices) <= max(int(vertices.max(initial=0)) for vertices in keys.vertices):
        return
    if mesh.shape_keys is None:
        body_object.shape_key_add(name=BASIS, from_mix=False)
    shape_keys: Any = mesh.shape_keys
    rest = np.empty(3 * len(mesh.vertices), np.float32)
    shape_keys.reference_key.data.foreach_get("co", rest)
    for name, vertices, offsets in zip(FACE_KEY_NAMES, keys.vertices, keys.offsets, strict=True):
        if name not in shape_keys.key_blocks:
            moved = rest.reshape(-1, 3).copy()
            moved[vertices] += offsets @ SMPL_TO_BLENDER.T.astype(np.float32)
            key = body_object.shape_key_add(name=name, from_mix=False)
            key.value = 0.0  # since Blender 5.2, new keys have the value 1
            key.data.foreach_set("co", moved.ravel())
            yield


def has_face_keys(mesh: bpy.types.Mesh) -> bool:
    """Whether a mesh has the face's shape keys and no others."""
    shape_keys: Any = mesh.shape_keys
    if shape_keys is None:
        return False
    return [key.name for key in shape_keys.key_blocks] == [shape_keys.reference_key.name, *FACE_KEY_NAMES]


def move_basis(mesh: bpy.types.Mesh, vertices: np.ndarray) -> None:
    """Move the vertices [V, 3] at rest of a mesh with shape keys, which move along."""
    shape_keys: Any = mesh.shape_keys
    old = np.empty(vertices.size, np.float32)
    shape_keys.reference_key.data.foreach_get("co", old)
    shift = vertices.astype(np.float32).ravel() - old
    for key in shape_keys.key_blocks:
        points = np.empty(vertices.size, np.float32)
        key.data.foreach_get("co", points)
        key.data.foreach_set("co", points + shift)
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    mesh.update()
