"""Custom shapes of the IK controls, which are drawn in place of their bones: a box and a ball of lines.

They are objects in no collection. All people share them; *Shapes* in the display settings of an armature hides them.
"""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

# Custom property of a shape's object in saved files, with its kind: never change it.
_SHAPE = "tar_shape"

BOX, BALL = "box", "ball"
_HALF_WIDTH, _BEGIN, _END = 0.3, -0.2, 0.8  # of a box across and along a bone of length 1
_RADIUS, _POINTS = 0.5, 16  # of a ball, and points of each of its circles

_Lines = tuple[np.ndarray, list[tuple[int, int]]]


def set_shape(bone: bpy.types.PoseBone, kind: str) -> None:
    """Draw a bone as a box around it, or as a ball around its head, in proportion to its length."""
    bone.custom_shape = _shape(kind)


def remove_unused_shapes() -> None:
    """Remove the shapes that no bone has any more."""
    unused = [obj for obj in bpy.data.objects if obj.get(_SHAPE) is not None and obj.users == 0]
    meshes = [obj.data for obj in unused if obj.data is not None]
    bpy.data.batch_remove(unused)
    bpy.data.batch_remove([mesh for mesh in meshes if mesh.users == 0])


def _shape(kind: str) -> bpy.types.Object:
    """The object of a shape, which is made if the file has none."""
    objects: Any = bpy.data.objects
    present = next((obj for obj in objects if obj.get(_SHAPE) == kind and obj.library is None), None)
    if isinstance(present, bpy.types.Object):
        return present
    points, lines = _box() if kind == BOX else _ball()
    name = f"TAR Control {kind.title()}"
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points.tolist(), lines, [])
    obj = bpy.data.objects.new(name, mesh)
    obj[_SHAPE] = kind
    return obj


def _box() -> _Lines:
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (0, 1) for z in (-1, 1)], float)
    lines = [(i, j) for i in range(8) for j in range(i) if np.count_nonzero(corners[i] != corners[j]) == 1]
    corners[:, 1] = _BEGIN + (_END - _BEGIN) * corners[:, 1]
    corners[:, ::2] *= _HALF_WIDTH
    return corners, lines


def _ball() -> _Lines:
    turns = 2 * np.pi * np.arange(_POINTS) / _POINTS
    circle = _RADIUS * np.stack([np.cos(turns), np.sin(turns), np.zeros(_POINTS)], 1)
    orders: Sequence[tuple[int, int, int]] = ((0, 1, 2), (0, 2, 1), (2, 0, 1))
    points = np.concatenate([circle[:, order] for order in orders])
    return points, [(k, k - 1 if k % _POINTS else k + _POINTS - 1) for k in range(len(points))]
