"""A video dropped onto the viewport, or chosen in a file browser, becomes the sidebar's video."""

from contextlib import suppress
from typing import ClassVar

import bpy
from bpy.props import StringProperty

from ..util.video_info import VIDEO_ENDINGS

CATEGORY = "TAR"


class TAR_OT_choose_video(bpy.types.Operator):
    """Choose the video whose people become characters"""

    bl_idname = "tar.choose_video"
    bl_label = "Choose Video"
    bl_options: ClassVar = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(name="File Path", description="The video", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default=";".join(f"*{ending}" for ending in VIDEO_ENDINGS), options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:  # it was dropped
            return self.execute(context)
        self.filepath = bpy.path.abspath(context.scene.tar_settings.video)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        chosen = self.filepath
        if context.preferences.filepaths.use_relative_paths and bpy.data.filepath:
            with suppress(ValueError):  # Windows: another drive
                chosen = bpy.path.relpath(chosen)
        context.scene.tar_settings.video = chosen
        if context.area and context.area.type == "VIEW_3D":
            context.space_data.show_region_ui = True
            sidebar = next(region for region in context.area.regions if region.type == "UI")
            # A sidebar that has never been shown knows its tabs only after it is drawn.
            bpy.app.timers.register(lambda: _open_tab(sidebar), first_interval=0.1)
        return {"FINISHED"}


class TAR_FH_video(bpy.types.FileHandler):
    bl_idname = "TAR_FH_video"
    bl_label = "Video for Motion Import"
    bl_import_operator = TAR_OT_choose_video.bl_idname
    bl_file_extensions = ";".join(VIDEO_ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


def _open_tab(sidebar: bpy.types.Region) -> None:
    sidebar.active_panel_category = CATEGORY


_CLASSES = (TAR_OT_choose_video, TAR_FH_video)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
