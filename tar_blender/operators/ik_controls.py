"""Operators that add IK controls to a person, and remove them."""

from collections.abc import Callable

import bpy
from bpy.props import EnumProperty

from tar_core.errors import TarError

from ..scene.ik_controls import FEET, HANDS, LIMBS, Limb, add_controls, remove_controls
from ..util.blender_types import OperatorResult, view_layer_of
from ..util.registration import registration
from ..util.report import refuse
from ..util.waiting import with_wait_cursor
from .targets import PersonOperator

_LIMBS = {"FEET": FEET, "HANDS": HANDS, "BOTH": LIMBS}


class TAR_OT_add_ik_controls(PersonOperator, bpy.types.Operator):
    """Add bones that hold feet and hands, and bones that knees and elbows point at. The motion stays as it is"""

    bl_idname = "tar.add_ik_controls"
    bl_label = "Add IK Controls"
    limbs: EnumProperty(
        name="Limbs",
        description="Limbs that get controls",
        items=(
            ("FEET", "Feet", "A control for each foot, and one for each knee"),
            ("HANDS", "Hands", "A control for each hand, and one for each elbow"),
            ("BOTH", "Feet and Hands", "Controls for both arms and both legs"),
        ),
        default="FEET",
    )

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        return _changed(self, context, lambda armature: add_controls(context, armature, _LIMBS[self.limbs]))


class TAR_OT_remove_ik_controls(PersonOperator, bpy.types.Operator):
    """Remove the IK controls and their keys. The person moves as before they were added"""

    bl_idname = "tar.remove_ik_controls"
    bl_label = "Remove IK Controls"

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        return _changed(self, context, lambda armature: remove_controls(context, armature))


def _changed(
    operator: PersonOperator, context: bpy.types.Context, change: Callable[[bpy.types.Object], list[Limb]]
) -> OperatorResult:
    """Change the bones of the operator's person, and return to the mode that Blender is in."""
    if operator.refuse_outside_view_layer(context):
        return {"CANCELLED"}
    armature, mode = operator.armature(), context.mode
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    try:
        changed = change(armature)
    except TarError as error:
        return refuse(operator, error)
    finally:
        if mode == "POSE" and view_layer_of(context).objects.active is not None:
            bpy.ops.object.mode_set(mode="POSE")
    return {"FINISHED"} if changed else {"CANCELLED"}


register, unregister = registration((TAR_OT_add_ik_controls, TAR_OT_remove_ik_controls))
