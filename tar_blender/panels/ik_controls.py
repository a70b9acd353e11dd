"""The part of the People panel that adds bone shapes and IK controls, and shows the influence of the controls."""

import bpy

from ..operators.bone_shapes import TAR_OT_add_bone_shapes, TAR_OT_remove_bone_shapes
from ..operators.ik_controls import TAR_OT_add_ik_controls, TAR_OT_remove_ik_controls
from ..scene.control_shapes import ringed_bones
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
    has_rings = bool(ringed_bones(armature))
    shapes = TAR_OT_remove_bone_shapes if has_rings else TAR_OT_add_bone_shapes
    column.operator(shapes.bl_idname, icon="MESH_CIRCLE").person = armature.name
    if limbs or has_rings:
        column.prop(data_of(armature, bpy.types.Armature), "show_bone_custom_shapes", text="Show Shapes")
    if limbs:
        column.operator(TAR_OT_remove_ik_controls.bl_idname, icon="X").person = armature.name
