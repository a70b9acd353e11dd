"""Custom shapes, which are drawn in place of bones: a box and a ball of lines for IK controls, rings for the others.

They are objects in no collection. All people share them; *Shapes* in the display settings of an armature hides them.
"""

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from ..util.blender_types import pose_bones
from .bone_names import joint_bones

# Custom property of a shape's object in saved files, with its kind: never change it.
_SHAPE = "tar_shape"

BOX, BALL, RING = "box", "ball", "ring"
_HALF_WIDTH, _BEGIN, _END = 0.3, -0.2, 0.8  # of a box across and along a bone of length 1
_RADIUS, _POINTS = 0.5, 16  # of a ball, and points of each of its circles
_RING_POINTS = 24
_RING_RADII = {  # meters; around the body, by the part in the name of the joint
    **{"pelvis": 0.2, "spine1": 0.18, "spine2": 0.18, "spine3": 0.2, "neck": 0.09, "head": 0.13, "collar": 0.1},
    **{"hip": 0.12, "knee": 0.09, "ankle": 0.08, "foot": 0.06, "shoulder": 0.09, "elbow": 0.07, "wrist": 0.07},
}
_FINGER_RADIUS = 0.016

_Lines = tuple[np.ndarray, list[tuple[int, int]]]


def set_shape(bone: bpy.types.PoseBone, kind: str) -> None:
    """Draw a bone as a box around it, or as a ball around its head, in proportion to its length."""
    bone.custom_shape = _shape(kind)


def add_rings(armature: bpy.types.Object) -> bool:
    """Draw the bones of a person's joints as rings around the body. Bones with another shape keep it.

    Returns:
        Whether there was a bone without a shape.
    """
    changed = False
    for joint, name in joint_bones(armature).items():
        bone = pose_bones(armature)[name]
        if bone.custom_shape is None:
            scale = _RING_RADII.get(joint.rpartition("_")[2], _FINGER_RADIUS) / bone.length
            bone.custom_shape, changed = _shape(RING), True
            bone.custom_shape_scale_xyz = scale, 1, scale
    return changed


def remove_rings(armature: bpy.types.Object) -> bool:
    """Draw the bones that have rings as before. Returns whether there was one."""
    bones = ringed_bones(armature)
    for bone in bones:
        bone.custom_shape, bone.custom_shape_scale_xyz = None, (1, 1, 1)
    remove_unused_shapes()
    return bool(bones)


def ringed_bones(armature: bpy.types.Object) -> list[bpy.types.PoseBone]:
    """The bones that are drawn as rings."""
    return [bone for bone in pose_bones(armature) if bone.custom_shape and bone.custom_shape.get(_SHAPE) == RING]


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
    points, lines = {BOX: _box, BALL: _ball, RING: _ring}[kind]()
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


def _ring() -> _Lines:
    """A circle around the middle of a bone of length 1."""
    turns = 2 * np.pi * np.arange(_RING_POINTS) / _RING_POINTS
    points = np.stack([np.cos(turns), np.full(_RING_POINTS, 0.5), np.sin(turns)], 1)
    return points, [(k, (k + 1) % _RING_POINTS) for k in range(_RING_POINTS)]
