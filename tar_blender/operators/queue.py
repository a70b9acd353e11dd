"""Buttons for the running import and the queue."""

import json

import bpy
from bpy.props import IntProperty

from ..util.blender_types import OperatorResult
from ..util.registration import registration
from ..util.report import report_text


class TAR_OT_cancel_import(bpy.types.Operator):
    """Cancel the running import. The scene does not change, and the next import of the queue starts"""

    bl_idname = "tar.cancel_import"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.window_manager.tar_progress.running:
            cls.poll_message_set("No import is running")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_progress.cancel_requested = True
        return {"FINISHED"}


class TAR_OT_unqueue_import(bpy.types.Operator):
    """Remove this import from the queue"""

    bl_idname = "tar.unqueue_import"
    bl_label = "Remove from Queue"
    bl_options = {"INTERNAL"}

    index: IntProperty(options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_progress.queue.remove(self.index)
        return {"FINISHED"}


class TAR_OT_copy_report(bpy.types.Operator):
    """Copy the error, versions, settings and the end of the log for a bug report. Folder names are left out"""

    bl_idname = "tar.copy_report"
    bl_label = "Copy Report"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        progress = context.window_manager.tar_progress
        fields = json.loads(progress.request) if progress.request else {}
        settings = fields.get("job", {}) | fields.get("options", {})
        if selection := settings.get("selection"):
            settings["selection"] = f"{sum(trace['wanted'] for trace in selection)} of {len(selection)}"
        context.window_manager.clipboard = report_text(progress.error, settings, progress.log.splitlines())
        self.report({"INFO"}, "Copied the report to the clipboard")
        return {"FINISHED"}


register, unregister = registration((TAR_OT_cancel_import, TAR_OT_unqueue_import, TAR_OT_copy_report))
