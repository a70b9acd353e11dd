"""The part of the People panel that adds IK controls and shows their influence."""

import bpy

from ..operators.ik_controls import TAR_OT_add_ik_controls, TAR_OT_remove_ik_controls
from ..scene.ik_controls import INFLUENCE, LIMBS, controlled_limbs
from ..util.blender_types import data_of, pose_bones


def draw_ik_controls(layout: bpy.types.UILayout, armature: bpy.types.Object) -> None:
    """Draw the buttons for a person, and a slider for each limb that has controls."""
    limbs = controlled_limbs(armature)
    column = layout.column(align=True)
    for limb in limbs:
        name = limb.target.removesuffix("_ik").replace("_", " ").title()
        column.prop(pose_bones(armature)[limb.target], f'["{INFLUENCE}"]', text=f"{name} IK", slider=True)
    if len(limbs) < len(LIMBS):
        column.operator_menu_enum(
            TAR_OT_add_ik_controls.bl_idname, "limbs", icon="CON_KINEMATIC"
        ).person = armature.name
    if limbs:
        column.prop(data_of(armature, bpy.types.Armature), "show_bone_custom_shapes", text="Shapes of Controls")
        column.operator(TAR_OT_remove_ik_controls.bl_idname, icon="X").person = armature.name
