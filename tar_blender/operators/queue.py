"""Operators that cancel the running import, edit the queue, and copy a report of a failed import."""

import json

import bpy
from bpy.props import IntProperty

from ..properties.runtime import TARProgress
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from ..util.report import report_text


class TAR_OT_cancel_import(bpy.types.Operator):
    """Cancel the running import. The scene is not changed, and the next import of the queue starts"""

    bl_idname = "tar.cancel_import"
    bl_label = "Cancel Import"

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
    """Copy a bug report with the error, versions, settings and the last lines of the log, without folder names"""

    bl_idname = "tar.copy_report"
    bl_label = "Copy Report"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.clipboard = import_report(context.window_manager.tar_progress)
        self.report({"INFO"}, "Copied the report to the clipboard")
        return {"FINISHED"}


def import_report(progress: TARProgress) -> str:
    """Format the report of the last import. It counts selected people instead of listing their boxes."""
    fields = json.loads(progress.request) if progress.request else {}
    settings = fields.get("job", {}) | fields.get("options", {})
    if selection := settings.get("selection"):
        settings["selection"] = f"{sum(person['wanted'] for person in selection)} of {len(selection)}"
    settings.pop("record", None)  # the address of a stream may contain a password
    return report_text(progress.error, settings, progress.log.splitlines())


register, unregister = registration((TAR_OT_cancel_import, TAR_OT_unqueue_import, TAR_OT_copy_report))
