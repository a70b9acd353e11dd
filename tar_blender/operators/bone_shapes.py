"""Operators that draw the bones of a person as rings around the body, or as before."""

from collections.abc import Callable

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
        return _changed(self, add_rings)


class TAR_OT_remove_bone_shapes(PersonOperator, bpy.types.Operator):
    """Draw the bones as bones again"""

    bl_idname = "tar.remove_bone_shapes"
    bl_label = "Remove Bone Shapes"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        return _changed(self, remove_rings)


def _changed(operator: PersonOperator, change: Callable[[bpy.types.Object], bool]) -> OperatorResult:
    """Change the bones of the operator's person, unless they are linked."""
    armature = operator.armature()
    try:
        check_local(armature)
    except TarError as error:
        return refuse(operator, error)
    return {"FINISHED"} if change(armature) else {"CANCELLED"}


register, unregister = registration((TAR_OT_add_bone_shapes, TAR_OT_remove_bone_shapes))
