"""The panel Edit below People: tools on the captured motion of the active person."""

import bpy

from ..operators.choose_video import CATEGORY
from ..operators.editing import (
    TAR_OT_add_layer,
    TAR_OT_make_loop,
    TAR_OT_merge_layers,
    TAR_OT_mirror_motion,
    TAR_OT_move_travel,
    TAR_OT_swap_sides,
    TAR_OT_take_range,
    TAR_OT_trim_motion,
)
from ..operators.export_person import TAR_OT_export_people, TAR_OT_export_person
from ..operators.frame_rate import TAR_OT_bake_frame_rate
from ..operators.key_reduction import TAR_OT_reduce_keys
from ..operators.motion_assets import TAR_OT_create_motion_asset
from ..scene.layers import is_layered
from ..scene.metadata import is_person, scene_people
from ..util.blender_types import scene_of
from ..util.registration import registration


class TAR_PT_edit(bpy.types.Panel):
    bl_label = "Edit"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_parent_id = "TAR_PT_people"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, active = self.layout, context.view_layer.objects.active
        if active is None or not is_person(active):
            layout.label(text="Click a person in the list above", icon="ARMATURE_DATA")
            return
        layout.label(text=active.name, icon="ARMATURE_DATA")
        row = layout.row(align=True)
        row.operator(TAR_OT_add_layer.bl_idname, icon="NLA")
        if is_layered(active):
            row.operator(TAR_OT_merge_layers.bl_idname, icon="NLA_PUSHDOWN")
        column = layout.column(align=True)
        column.operator(TAR_OT_swap_sides.bl_idname, icon="ARROW_LEFTRIGHT")
        column.operator(TAR_OT_mirror_motion.bl_idname, icon="MOD_MIRROR")
        column.operator(TAR_OT_take_range.bl_idname, icon="PASTEDOWN")
        column = layout.column(align=True)
        column.operator(TAR_OT_trim_motion.bl_idname, icon="FULLSCREEN_EXIT")
        column.operator(TAR_OT_make_loop.bl_idname, icon="FILE_REFRESH")
        column.operator_menu_enum(TAR_OT_move_travel.bl_idname, "place", icon="OBJECT_ORIGIN")
        column = layout.column(align=True)
        column.operator(TAR_OT_reduce_keys.bl_idname, icon="KEYFRAME")
        column.operator(TAR_OT_bake_frame_rate.bl_idname, icon="TIME")
        column.operator(TAR_OT_create_motion_asset.bl_idname, icon="ASSET_MANAGER")
        column.operator(TAR_OT_export_person.bl_idname, icon="EXPORT")
        if len(scene_people(scene_of(context))) > 1:
            column.operator(TAR_OT_export_people.bl_idname, icon="EXPORT")


register, unregister = registration((TAR_PT_edit,))
