"""Add and remove other videos of the same motion, which are combined with the sidebar's video."""

from pathlib import Path

import bpy
from bpy.props import CollectionProperty, IntProperty, StringProperty

from tar_core.files import VIDEO_ENDINGS

from ..util.blender_types import OperatorResult
from ..util.registration import registration
from .targets import poll_video


class TAR_OT_add_views(bpy.types.Operator):
    """Add videos of the same motion from other cameras that do not move. They correct the depth of the motion"""

    bl_idname = "tar.add_views"
    bl_label = "Add Other Views"
    bl_options = {"REGISTER", "UNDO"}

    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: StringProperty(default=";".join(f"*{ending}" for ending in VIDEO_ENDINGS), options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_video(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        self.directory = str(context.scene.tar_settings.video_path.parent)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = context.scene.tar_settings
        known = {settings.video_path, *settings.view_paths()}
        for file in self.files:
            path = Path(self.directory) / file.name
            if file.name and path not in known:
                settings.views.add().path = str(path)
        return {"FINISHED"}


class TAR_OT_remove_view(bpy.types.Operator):
    """Remove this view"""

    bl_idname = "tar.remove_view"
    bl_label = "Remove View"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    index: IntProperty(min=0, options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.scene.tar_settings.views.remove(self.index)
        return {"FINISHED"}


register, unregister = registration((TAR_OT_add_views, TAR_OT_remove_view))
