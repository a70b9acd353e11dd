"""The sidebar's tab."""

import textwrap

import bpy

from .operators import TAR_OT_cancel_import, TAR_OT_import_motion_file, TAR_OT_import_video_motion

_PIXELS_PER_CHARACTER = 7  # of the sidebar's text, about; labels do not wrap by themselves


class TAR_PT_sidebar(bpy.types.Panel):
    bl_label = "Video Motion"
    bl_idname = "TAR_PT_sidebar"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "TAR"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        progress = context.window_manager.tar_progress

        settings = layout.column()
        settings.enabled = not progress.running
        self._draw_settings(settings, context.scene.tar_settings)

        layout.separator()
        if progress.running:
            layout.progress(factor=progress.fraction, type="BAR", text=progress.stage)
            layout.operator(TAR_OT_cancel_import.bl_idname, icon="X")
        else:
            button = layout.column()
            button.scale_y = 1.4
            button.operator(TAR_OT_import_video_motion.bl_idname, icon="ARMATURE_DATA")
            layout.operator(TAR_OT_import_motion_file.bl_idname, icon="IMPORT")

        if progress.error:
            _draw_text(context, layout, progress.error, "ERROR")
        if progress.notice:
            _draw_text(context, layout, progress.notice, "INFO")

    def _draw_settings(self, layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
        layout.prop(settings, "video")
        layout.prop(settings, "people")
        if settings.people == "count":
            layout.prop(settings, "people_count")
        layout.prop(settings, "focal_mode")
        if settings.focal_mode == "pixels":
            layout.prop(settings, "focal")
        elif settings.focal_mode == "fov":
            layout.prop(settings, "fov")
        layout.prop(settings, "use_range")
        if settings.use_range:
            frames = layout.column(align=True)
            frames.prop(settings, "first_frame")
            frames.prop(settings, "last_frame")


def _draw_text(context: bpy.types.Context, layout: bpy.types.UILayout, text: str, icon: str) -> None:
    """Text in a box, wrapped to the sidebar's width."""
    scale = context.preferences.system.ui_scale
    width = int(context.region.width / (_PIXELS_PER_CHARACTER * scale)) - 8
    column = layout.box().column(align=True)
    for number, line in enumerate(textwrap.wrap(text, max(width, 16))):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def register() -> None:
    bpy.utils.register_class(TAR_PT_sidebar)


def unregister() -> None:
    bpy.utils.unregister_class(TAR_PT_sidebar)
