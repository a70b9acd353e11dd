"""Set a clip's floor by hand: move the clip so that the feet, or three given points, are at z = 0."""

from collections.abc import Iterable, Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from tar_core.errors import TarError

from ..util.blender_types import data_of, pose_bones
from .bone_names import joint_bones
from .fcurves import curves_of
from .metadata import people_of, person_objects

_FOOT_JOINTS = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("ankle", "foot"))
_MIN_AREA = 1e-4  # square meters; the triangle of the three points must be larger


def check_movable(collection: bpy.types.Collection) -> None:
    """Check that no keys of their location hold the people of a clip in place.

    Raises:
        TarError: the object of a person has such keys.
    """
    for armature in people_of(collection):
        if any(curve.data_path == "location" for curve in curves_of(armature)):
            raise TarError(
                f"the object of {armature.name} has location keys, which hold it in place; set Travel to Pelvis, or "
                f"remove them"
            )


def lowest_foot(collection: bpy.types.Collection, depsgraph: bpy.types.Depsgraph) -> float:
    """Find the height in meters of the lowest foot at the current frame, of the skin or, without a body, of the bones.

    Raises:
        TarError: no person of the clip is in the video at this frame, or a person has no feet.
    """
    heights = [
        height
        for armature in people_of(collection)
        if not armature.evaluated_get(depsgraph).hide_viewport
        for height in _foot_heights(armature, depsgraph)
    ]
    if not heights:
        raise TarError("no person of this clip is in the video at this frame; go to a frame with a foot on the floor")
    return min(heights)


def _foot_heights(armature: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> list[float]:
    bodies = [obj for obj in person_objects(armature) if obj.type == "MESH"]
    if not bodies:
        posed = armature.evaluated_get(depsgraph)
        feet = _feet(armature)
        bones = [bone for bone in pose_bones(posed) if bone.name in feet]
        ends = [end for bone in bones for end in (bone.head, bone.tail)]
        return [float((posed.matrix_world @ end).z) for end in ends]
    feet = _feet(armature)
    return [float(height) for body in bodies for height in _skin_heights(body, feet, depsgraph)]


def _feet(armature: bpy.types.Object) -> list[str]:
    """Return the names of the bones of the feet."""
    bones = joint_bones(armature)
    return [bones[joint] for joint in _FOOT_JOINTS if joint in bones]


def _skin_heights(body: bpy.types.Object, bones: list[str], depsgraph: bpy.types.Depsgraph) -> np.ndarray:
    """Return the heights of the vertices that belong to some bones; [0] if there are none."""
    posed = body.evaluated_get(depsgraph)
    groups = {body.vertex_groups[name].index for name in bones if name in body.vertex_groups}
    feet = [
        vertex.index
        for vertex in data_of(body, bpy.types.Mesh).vertices
        if any(element.group in groups and element.weight > 0.5 for element in vertex.groups)
    ]
    vertices = data_of(posed, bpy.types.Mesh).vertices
    points = np.empty(3 * len(vertices), np.float32)
    vertices.foreach_get("co", points)
    world = np.array(posed.matrix_world)
    feet = [index for index in feet if index < len(vertices)]  # a modifier may have removed vertices
    return points.reshape(-1, 3)[feet] @ world[2, :3] + world[2, 3]


def floor_transform(points: Sequence[Vector], camera: Vector) -> Matrix:
    """Find the transform that brings three points to z = 0 and keeps the camera above them.

    It is the smallest rotation about the center of the points, followed by a vertical translation.

    Args:
        points: three points on the floor.
        camera: position of the camera.

    Raises:
        TarError: the points are on one line.
    """
    a, b, c = points
    normal: Any = (b - a).cross(c - a)
    if normal.length < 2 * _MIN_AREA:
        raise TarError("the three objects are on one line; spread them over the floor")
    if normal.dot(camera - a) < 0:
        normal.negate()
    center = (a + b + c) / 3
    rotation = normal.rotation_difference(Vector((0, 0, 1))).to_matrix().to_4x4()
    down = Matrix.Translation((0, 0, -center.z))
    return down @ Matrix.Translation(center) @ rotation @ Matrix.Translation(-center)


def move(objects: Iterable[bpy.types.Object], transform: Matrix) -> None:
    """Transform objects in the world; children follow their parents."""
    for obj in set(objects):
        if obj.parent is None:
            obj.matrix_world = transform @ obj.matrix_world
