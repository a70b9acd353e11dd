"""Choose the sidebar's video: in a file browser, or by dropping a file onto the viewport."""

from contextlib import suppress
from typing import Any

import bpy
from bpy.props import StringProperty

from tar_core.files import VIDEO_ENDINGS

from ..util.blender_types import OperatorResult
from ..util.registration import registration

CATEGORY = "TAR"  # the sidebar's tab


class TAR_OT_choose_video(bpy.types.Operator):
    """Choose the video to capture"""

    bl_idname = "tar.choose_video"
    bl_label = "Choose Video"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(
        name="File Path", description="Path of the video", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: StringProperty(default=";".join(f"*{ending}" for ending in VIDEO_ENDINGS), options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        if self.filepath:  # the file was dropped
            return self.execute(context)
        self.filepath = bpy.path.abspath(context.scene.tar_settings.video)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        chosen = self.filepath
        if context.preferences.filepaths.use_relative_paths and bpy.data.filepath:
            with suppress(ValueError):  # on Windows, the video may be on another drive
                chosen = bpy.path.relpath(chosen)
        context.scene.tar_settings.video = chosen
        if context.area and context.area.type == "VIEW_3D":
            context.space_data.show_region_ui = True
            sidebar = next(region for region in context.area.regions if region.type == "UI")
            # A sidebar that was never shown knows its tabs only after it has been drawn.
            bpy.app.timers.register(lambda: _open_tab(sidebar), first_interval=0.1)
        return {"FINISHED"}


class TAR_FH_video(bpy.types.FileHandler):
    """Accepts videos that are dropped onto the 3D viewport"""

    bl_idname = "TAR_FH_video"
    bl_label = "Video for Motion Import"
    bl_import_operator = TAR_OT_choose_video.bl_idname
    bl_file_extensions = ";".join(VIDEO_ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


def _open_tab(sidebar: Any) -> None:
    sidebar.active_panel_category = CATEGORY


register, unregister = registration((TAR_OT_choose_video, TAR_FH_video))
