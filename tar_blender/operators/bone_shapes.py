"""Operators that draw the bones of a person as rings around the body, or as before."""

import bpy

from tar_core.errors import TarError

from ..scene.control_shapes import add_rings, remove_rings
from ..scene.metadata import check_local
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from ..util.report import refuse
from .targets import PersonOperator


class TAR_OT_add_bone_shapes(PersonOperator, bpy.types.Operator):
    """Draw the bones as rings around the body, which are easy to select. Bones that have another shape keep it"""

    bl_idname = "tar.add_bone_shapes"
    bl_label = "Add Bone Shapes"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            check_local(self.armature())
        except TarError as error:
            return refuse(self, error)
        return {"FINISHED"} if add_rings(self.armature()) else {"CANCELLED"}


class TAR_OT_remove_bone_shapes(PersonOperator, bpy.types.Operator):
    """Draw the bones as bones again"""

    bl_idname = "tar.remove_bone_shapes"
    bl_label = "Remove Bone Shapes"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            check_local(self.armature())
        except TarError as error:
            return refuse(self, error)
        remove_rings(self.armature())
        return {"FINISHED"}


register, unregister = registration((TAR_OT_add_bone_shapes, TAR_OT_remove_bone_shapes))
