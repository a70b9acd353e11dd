"""Record a video from a camera or a stream, and choose it in the sidebar."""

import time
from pathlib import Path

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty

from tar_core.engine.protocol import Job
from tar_core.errors import TarError
from tar_core.options import CaptureOptions
from tar_core.recording import DEFAULT_SECONDS, LONGEST, SCHEMES, Recording

from ..engine.paths import engine_choices
from ..engine.request import ImportRequest
from ..util.blender_types import OperatorResult
from ..util.registration import registration
from .engine_job import EngineJobOperator, fail
from .targets import poll_no_import


class TAR_OT_record_video(EngineJobOperator, bpy.types.Operator):
    """Record a video from a camera or a stream, and choose it for the next import. Esc or Stop ends the recording"""

    bl_idname = "tar.record_video"
    bl_label = "Record from Camera"

    source: StringProperty(
        name="Source",
        description=f"Number of a camera, such as 0, or address of a stream ({', '.join(SCHEMES)})",
        default="0",
    )
    seconds: FloatProperty(
        name="Seconds", description="Duration of the recording", default=DEFAULT_SECONDS, min=0.5, max=LONGEST
    )
    live: BoolProperty(
        name="Live Preview",
        description="Follow the people during the recording, and show them in the 3D Viewport",
        default=True,
    )
    filepath: StringProperty(
        name="File", description="Video to write; must not exist", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_no_import(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        self.filepath = str(_new_file())
        return context.window_manager.invoke_props_dialog(self, width=400)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_progress.clear_messages()
        try:
            recording = Recording(self.source.strip(), self.seconds, self.live)
            if recording.camera is None and not bpy.app.online_access:
                raise TarError("an address needs Allow Online Access; enable it in Preferences > System")
            if not self.filepath:
                raise TarError("no file name is given; give one that ends in .mp4")
            video = str(Path(bpy.path.abspath(self.filepath)).absolute())
            options = context.scene.tar_settings.import_options()
            job = Job(video, CaptureOptions(**engine_choices(context)), record=recording)
            return self.start(context, ImportRequest(job, options))
        except TarError as error:
            return fail(self, context, error)


def _new_file() -> Path:
    """A file name with the current time, next to the .blend file or else in the user's folder."""
    folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
    return folder / time.strftime("recording_%Y-%m-%d_%H-%M-%S.mp4")


register, unregister = registration((TAR_OT_record_video,))
