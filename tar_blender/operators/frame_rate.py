"""Operator that keys the imported clips of the scene at another frame rate."""

import bpy
from bpy.props import FloatProperty

from tar_core.errors import TarError

from ..editing.retiming import bake_frame_rate
from ..scene.frame_rate import frame_rate
from ..scene.metadata import imported_clips, key_rate
from ..util.blender_types import OperatorResult, scene_of
from ..util.registration import registration
from ..util.report import refuse, sentence
from ..util.waiting import with_wait_cursor
from .targets import poll_no_import

_FASTEST = 1000.0  # frames per second


class TAR_OT_bake_frame_rate(bpy.types.Operator):
    """Set the frame rate of the scene and key all imported clips on its whole frames. The speed stays the same"""

    bl_idname = "tar.bake_frame_rate"
    bl_label = "Bake to Frame Rate"
    bl_options = {"REGISTER", "UNDO"}
    keyed_fps: FloatProperty(
        name="Keyed For",
        description="Frame rate for which the clips are keyed now",
        default=30.0,
        min=1.0,
        max=_FASTEST,
        precision=3,
    )
    fps: FloatProperty(
        name="New Frame Rate", description="Frames per second", default=30.0, min=1.0, max=_FASTEST, precision=3
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not imported_clips(scene_of(context)):
            cls.poll_message_set("The scene has no imported clip")
            return False
        return poll_no_import(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        scene = scene_of(context)
        self.keyed_fps = next(filter(None, map(key_rate, imported_clips(scene))), frame_rate(scene))
        self.fps = round(frame_rate(scene))
        return context.window_manager.invoke_props_dialog(self, width=320)

    @with_wait_cursor
    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            warnings = bake_frame_rate(scene_of(context), self.keyed_fps, self.fps)
        except TarError as error:
            return refuse(self, error)
        for warning in warnings:
            self.report({"WARNING"}, sentence(warning))
        return {"FINISHED"}


register, unregister = registration((TAR_OT_bake_frame_rate,))
