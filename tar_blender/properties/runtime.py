"""State of the panels, in the window manager, so that it is not saved."""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, CollectionProperty, FloatProperty, StringProperty

from tar_core.errors import TarError

from ..util.registration import Pointer, registration
from ..util.video_info import read_video_info


class TARVideo(bpy.types.PropertyGroup):
    """The selected video.

    Attributes:
        path: of the video.
        facts: size, frame rate and length as text.
        error: why the video cannot be read; empty if it can.
    """

    path: StringProperty()
    facts: StringProperty()
    error: StringProperty()

    def show(self, path: str) -> None:
        """Read a video and show its facts."""
        self.path, self.facts, self.error = path, "", ""
        if not path:
            return
        try:
            self.facts = str(read_video_info(Path(bpy.path.abspath(path))))
        except TarError as error:
            self.error = str(error)


class TARQueued(bpy.types.PropertyGroup):
    """A queued import; `name` is the name of the video, `request` the ImportRequest as JSON."""

    request: StringProperty()


class TARProgress(bpy.types.PropertyGroup):
    """State of the running import, or the messages of the last one.

    Attributes:
        running: an import is running.
        cancel_requested: the user pressed Cancel or Esc.
        fraction: 0 to 1, the share that is done.
        video: file name of the video.
        stage: what is being done.
        pace: speed and remaining time as text.
        error: why the last import failed.
        notice: the result or warnings of the last import.
        request: the ImportRequest as JSON, for the bug report.
        log: last lines of the engine's output, for the bug report.
        queue: imports that wait for the running one.
    """

    running: BoolProperty()
    cancel_requested: BoolProperty()
    fraction: FloatProperty()
    video: StringProperty()
    stage: StringProperty()
    pace: StringProperty()
    error: StringProperty()
    notice: StringProperty()
    request: StringProperty()
    log: StringProperty()
    queue: CollectionProperty(type=TARQueued)

    def clear_messages(self) -> None:
        self.error = self.notice = self.log = self.request = ""


@bpy.app.handlers.persistent
def _show_video_of_opened_file(*_: object) -> None:
    bpy.context.window_manager.tar_video.show(bpy.context.scene.tar_settings.video)


_register, _unregister = registration(
    (TARVideo, TARQueued, TARProgress),
    (
        Pointer(bpy.types.WindowManager, "tar_video", TARVideo),
        Pointer(bpy.types.WindowManager, "tar_progress", TARProgress),
    ),
)


def register() -> None:
    _register()
    bpy.app.handlers.load_post.append(_show_video_of_opened_file)


def unregister() -> None:
    bpy.app.handlers.load_post.remove(_show_video_of_opened_file)
    _unregister()
