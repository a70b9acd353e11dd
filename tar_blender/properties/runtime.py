"""State of the panels, in the window manager, so that it is not saved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, FloatProperty, StringProperty

from tar_core.errors import TarError

from ..scene.live_people import remove_live_people
from ..scene.metadata import damaged_records
from ..util.local_files import check_not_elsewhere
from ..util.registration import Pointer, registration
from ..util.video_info import read_video_info
from .repair import reset_invalid

_LISTED = 5  # names in a message


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

    def show(self, path: str, is_stored: bool = False) -> None:
        """Read a video and show its facts.

        Args:
            path: of the video.
            is_stored: the path comes from a .blend file and was not chosen by the user; only local files are read.
        """
        self.path, self.facts, self.error = path, "", ""
        if not path:
            return
        video = bpy.path.abspath(path)
        try:
            if is_stored:
                check_not_elsewhere(video)
            self.facts = str(read_video_info(Path(video)))
        except TarError as error:
            self.error = str(error)


class TARQueued(bpy.types.PropertyGroup):
    """A queued import; `name` is the name of the video, `request` the ImportRequest as JSON."""

    request: StringProperty()


class TARProgress(bpy.types.PropertyGroup):
    """State of the running import, or the messages of the last one.

    Attributes:
        running: an import is running.
        captures: it captures or builds motion, so that other imports can wait for it; scans and recordings do not.
        records: it records a video instead.
        cancel_requested: the user pressed Cancel, Stop or Esc.
        fraction: 0 to 1, the share that is done.
        video: file name of the video.
        stage: what is being done.
        pace: speed and remaining time as text.
        error: why the last import failed.
        notice: the result or warnings of the last import.
        clip: the collection that the notice is about; empty if it is about none.
        request: the ImportRequest as JSON, for the bug report.
        log: last lines of the engine's output, for the bug report.
        queue: imports that wait for the running one.
    """

    running: BoolProperty()
    captures: BoolProperty()
    records: BoolProperty()
    cancel_requested: BoolProperty()
    fraction: FloatProperty()
    video: StringProperty()
    stage: StringProperty()
    pace: StringProperty()
    error: StringProperty()
    notice: StringProperty()
    clip: StringProperty()
    request: StringProperty()
    log: StringProperty()
    queue: CollectionProperty(type=TARQueued)

    def clear_messages(self) -> None:
        self.error = self.notice = self.clip = self.log = self.request = ""

    def shown_notice(self) -> str:
        """The notice, unless its clip was undone or deleted."""
        return "" if self.clip and self.clip not in bpy.data.collections else self.notice


@bpy.app.handlers.persistent
def _read_opened_file(*_: object) -> None:
    """Repair the settings in the file, and show its video and what was ignored.

    The bodies of a live preview are removed; they are in files that were saved during a recording.
    """
    remove_live_people()
    scenes: Any = bpy.data.scenes
    reset = {label for scene in scenes for label in reset_invalid(scene.tar_settings)}
    for scene in scenes:
        scene.tar_retarget.check_rows()
    manager: Any = bpy.context.window_manager
    manager.tar_video.show(bpy.context.scene.tar_settings.video, is_stored=True)
    ignored = damaged_records()
    manager.tar_progress.clip = ""
    manager.tar_progress.notice = " ".join(
        [
            *([f"The file has invalid settings, which were reset: {_listed(sorted(reset))}."] if reset else []),
            *([f"The file has damaged records, which are ignored: {_listed(ignored)}."] if ignored else []),
        ]
    )


@bpy.app.handlers.persistent
def _read_undone_step(*_: object) -> None:
    """Remove the bodies of a live preview that has ended: a step of the user's during the recording contains them."""
    progress = bpy.context.window_manager.tar_progress  # type: ignore[union-attr]
    if not (progress.running and progress.records):
        remove_live_people()


def _listed(names: Sequence[str]) -> str:
    """The names as text, or the first of many."""
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


_register, _unregister = registration(
    (TARVideo, TARQueued, TARProgress),
    (
        Pointer(bpy.types.WindowManager, "tar_video", TARVideo),
        Pointer(bpy.types.WindowManager, "tar_progress", TARProgress),
    ),
)


def register() -> None:
    _register()
    bpy.app.handlers.load_post.append(_read_opened_file)
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(_read_undone_step)


def unregister() -> None:
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.remove(_read_undone_step)
    bpy.app.handlers.load_post.remove(_read_opened_file)
    _unregister()
