"""Operators that place a clip on the floor by hand."""

import bpy
from mathutils import Matrix, Vector

from tar_core.errors import TarError

from ..scene.floor import check_movable, floor_transform, lowest_foot, move
from ..scene.metadata import camera_of, objects_of
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from ..util.report import refuse
from .targets import ClipOperator


class TAR_OT_feet_on_ground(ClipOperator, bpy.types.Operator):
    """Move the clip and its camera so that the lowest foot at the current frame is at z = 0"""

    bl_idname = "tar.feet_on_ground"
    bl_label = "Feet on Ground Here"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        if self.refuse_in_given_world():
            return {"CANCELLED"}
        try:
            check_movable(self.collection())
            height = lowest_foot(self.collection(), context.evaluated_depsgraph_get())
        except TarError as error:
            return refuse(self, error)
        move(objects_of(self.collection()), Matrix.Translation((0, 0, -height)))
        return {"FINISHED"}


class TAR_OT_floor_from_objects(ClipOperator, bpy.types.Operator):
    """Rotate and move the clip and its camera so that the three selected objects are at z = 0"""

    bl_idname = "tar.floor_from_objects"
    bl_label = "Floor from 3 Objects"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if len(context.selected_objects) != 3:
            cls.poll_message_set("Select three objects that lie on the floor")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        if self.refuse_in_given_world():
            return {"CANCELLED"}
        selected, camera = context.selected_objects, camera_of(self.collection())
        points = [obj.matrix_world.translation.copy() for obj in selected]
        above = camera.matrix_world.translation if camera else points[0] + Vector((0, 0, 1))
        try:
            check_movable(self.collection())
            transform = floor_transform(points, above)
        except TarError as error:
            return refuse(self, error)
        move([*objects_of(self.collection()), *selected], transform)
        return {"FINISHED"}


register, unregister = registration((TAR_OT_feet_on_ground, TAR_OT_floor_from_objects))
