"""The Retarget panel in the sidebar."""

import bpy

from tar_core.skeleton import ALL_JOINT_NAMES, HAND_JOINT_NAMES, JOINT_NAMES

from ..operators.choose_video import CATEGORY
from ..operators.key_reduction import TAR_OT_reduce_keys
from ..operators.retarget import TAR_OT_find_bones, TAR_OT_retarget, TAR_OT_save_bone_map
from ..retarget.bone_maps import missing_limbs
from ..scene.metadata import scene_people
from ..util.blender_types import scene_of
from ..util.registration import registration

_MAX_LINES = 20  # of a list that is drawn


class TAR_PT_retarget(bpy.types.Panel):
    bl_label = "Retarget"
    bl_order = 1  # below the imported people, as it is the next step
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(scene_people(scene_of(context)))

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.tar_retarget
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "person", icon="ARMATURE_DATA")
        source = settings.source(context.view_layer.objects.active)
        if settings.person is None and source is not None:
            is_active = source == context.view_layer.objects.active
            layout.label(text=f"{source.name} ({'active' if is_active else 'the only one'})", icon="ARMATURE_DATA")
        layout.prop(settings, "character", icon="OUTLINER_OB_ARMATURE")
        character = settings.target()
        if character is not None:
            bones = settings.bone_map()
            column = layout.column(align=True)
            column.label(text=settings.kind, icon="BONE_DATA")
            for joints, what in ((JOINT_NAMES, "joints"), (HAND_JOINT_NAMES, "finger joints")):
                found = sum(joint in bones for joint in joints)
                column.label(text=f"{found} of {len(joints)} {what} have a bone", icon="BLANK1")
            missing = missing_limbs(bones)
            if missing:
                layout.label(text=f"No bone: {', '.join(missing)}", icon="ERROR")
        layout.prop(settings, "limbs")
        layout.prop(settings, "root_motion")
        layout.prop(settings, "mute_interference")
        layout.prop(settings, "face")
        button = layout.column()
        button.scale_y = 1.4
        button.operator(TAR_OT_retarget.bl_idname, icon="ARMATURE_DATA")
        for each in filter(None, settings.muted.split("; ")[:_MAX_LINES]):
            layout.label(text=f"Muted: {each}", icon="HIDE_ON")
        for each in filter(None, settings.deviations.split("; ")[:_MAX_LINES]):
            layout.label(text=each, icon="ERROR")
        if character is not None and context.view_layer.objects.active == character:
            layout.operator(TAR_OT_reduce_keys.bl_idname, icon="KEYFRAME")


class TAR_PT_retarget_bones(bpy.types.Panel):
    bl_label = "Bones"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_parent_id = "TAR_PT_retarget"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.scene.tar_retarget.target() is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = self.layout, context.scene.tar_retarget
        layout.use_property_split = True
        layout.use_property_decorate = False
        character = settings.target()
        row = layout.row(align=True)
        row.operator(TAR_OT_find_bones.bl_idname, icon="FILE_REFRESH")
        row.operator(TAR_OT_save_bone_map.bl_idname, icon="FILE_TICK")
        column = layout.column(align=True)
        for bone in settings.bones[: len(ALL_JOINT_NAMES)]:
            title = bone.name.replace("_", " ").title()
            column.prop_search(bone, "bone", character.data, "bones", text=title)


register, unregister = registration((TAR_PT_retarget, TAR_PT_retarget_bones))
