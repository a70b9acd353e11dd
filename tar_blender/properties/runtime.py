"""State of the panels, in the window manager, so that it is not saved."""

from pathlib import Path

import bpy
from bpy.props import BoolProperty, CollectionProperty, FloatProperty, StringProperty

from tar_core.errors import TarError

from ..util.registration import Pointer, registration
from ..util.video_info import read_video_info


class TARVideo(bpy.types.PropertyGroup):
    """Size, frame rate and length of the selected video as text, or the reason why it cannot be read."""

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
    """A queued import; `name` is the name of the video."""

    request: StringProperty()


class TARProgress(bpy.types.PropertyGroup):
    """State of the running import, or the messages of the last one."""

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
