"""The ground set by hand: everything of a clip moves, so that feet or three given points lie on z = 0."""

from collections.abc import Iterable, Sequence

import bpy
import numpy as np
from mathutils import Matrix, Vector

from tar_core.errors import TarError

from .metadata import people_of, person_objects

_FEET = tuple(f"{side}_{joint}" for side in ("left", "right") for joint in ("ankle", "foot"))
_LEAST_AREA = 1e-4  # square meters of the triangle between three points


def lowest_foot(collection: bpy.types.Collection, depsgraph: bpy.types.Depsgraph) -> float:
    """The height in meters of the lowest foot at the scene's frame, of its skin or, without a body, of its bones.

    Raises:
        TarError: nobody of the clip is in the video at this frame.
    """
    heights = [
        height
        for armature in people_of(collection)
        if not armature.evaluated_get(depsgraph).hide_viewport
        for height in _foot_heights(armature, depsgraph)
    ]
    if not heights:
        raise TarError("nobody of this clip is in the video at this frame; go to a frame in which a foot stands")
    return min(heights)


def _foot_heights(armature: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> list[float]:
    bodies = [thing for thing in person_objects(armature) if thing.type == "MESH"]
    if not bodies:
        posed = armature.evaluated_get(depsgraph)
        ends = [end for name in _FEET for end in (posed.pose.bones[name].head, posed.pose.bones[name].tail)]
        return [float((posed.matrix_world @ end).z) for end in ends]
    return [float(height) for body in bodies for height in _skin_heights(body, depsgraph)]


def _skin_heights(body: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> np.ndarray:
    """Of the vertices that the feet carry; [0] where there are none."""
    posed = body.evaluated_get(depsgraph)
    groups = {body.vertex_groups[name].index for name in _FEET if name in body.vertex_groups}
    feet = [
        vertex.index
        for vertex in body.data.vertices
        if any(element.group in groups and element.weight > 0.5 for element in vertex.groups)
    ]
    points = np.empty(3 * len(posed.data.vertices), np.float32)
    posed.data.vertices.foreach_get("co", points)
    world = np.array(posed.matrix_world)
    return points.reshape(-1, 3)[feet] @ world[2, :3] + world[2, 3]


def floor_transform(points: Sequence[Vector], camera: Vector) -> Matrix:
    """The smallest turn about the points' middle, and the shift, that bring three points to z = 0, under the camera.

    Raises:
        TarError: the points lie on one line.
    """
    a, b, c = points
    normal = (b - a).cross(c - a)
    if normal.length < 2 * _LEAST_AREA:
        raise TarError("the three objects lie on one line; spread them over the floor")
    if normal.dot(camera - a) < 0:
        normal.negate()
    middle = (a + b + c) / 3
    turn = normal.rotation_difference(Vector((0, 0, 1))).to_matrix().to_4x4()
    down = Matrix.Translation((0, 0, -middle.z))
    return down @ Matrix.Translation(middle) @ turn @ Matrix.Translation(-middle)


def move(things: Iterable[bpy.types.Object], transform: Matrix) -> None:
    """Moves objects in the world; those with parents go along with them."""
    for thing in set(things):
        if thing.parent is None:
            thing.matrix_world = transform @ thing.matrix_world
