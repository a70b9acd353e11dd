"""The buttons: import from a video, import a motion file, cancel. Thin: the work is in engine_client, import_motion."""

from pathlib import Path
from typing import ClassVar

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ImportHelper

from tar_core.errors import TarError
from tar_core.motion import MotionClip

from .engine_client import Cancelled, CaptureJob, EngineProcess, Event, Failure, Notice, Progress, Result, capture
from .import_motion import import_clip
from .preferences import body_file, engine_python

_POLL_SECONDS = 0.1


class TAR_OT_import_video_motion(bpy.types.Operator):
    """Turn the people in the video into animated SMPL characters in front of a matching camera"""

    bl_idname = "tar.import_video_motion"
    bl_label = "Import Video Motion"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.window_manager.tar_progress.running:
            cls.poll_message_set("An import is running: cancel it first")
            return False
        if not context.scene.tar_settings.video:
            cls.poll_message_set("Choose a video first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        progress = context.window_manager.tar_progress
        progress.error = progress.notice = ""
        try:
            python = engine_python(context)
            job = context.scene.tar_settings.job(body_file(context))
            if not Path(job.video).is_file():
                raise TarError(f"{job.video}: no such video; choose a file that exists")
            if bpy.app.background:  # no window, no event loop to wait in
                return self._import(context, capture(python, job, lambda event: None))
            self._start(context, python, job)
        except TarError as error:
            return self._fail(context, str(error))
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        progress = context.window_manager.tar_progress
        if progress.cancel_requested:
            self._engine.cancel()
        result = None
        try:
            for engine_event in self._engine.poll():
                result = self._follow(context, engine_event)
        except Exception as error:  # a bug; without this the panel would wait for ever
            progress.error = f"unexpected {type(error).__name__}: {error}; the system console says where"
            self._stop(context)
            raise
        if result is None:
            return {"PASS_THROUGH"}
        self._stop(context)
        return result

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends modal operators when another file is opened or it quits."""
        self._stop(context)

    def _start(self, context: bpy.types.Context, python: Path, job: CaptureJob) -> None:
        self._engine = EngineProcess(python, job)
        self._timer = context.window_manager.event_timer_add(_POLL_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        progress = context.window_manager.tar_progress
        progress.running, progress.cancel_requested = True, False
        progress.fraction, progress.stage = 0.0, "Starting"

    def _stop(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.tar_progress.running = False
        self._engine.close()
        _redraw(context)

    def _follow(self, context: bpy.types.Context, event: Event) -> set[str] | None:
        """Shows the event; at the last one gives what the operator returns."""
        progress = context.window_manager.tar_progress
        match event:
            case Progress():
                progress.fraction, progress.stage = event.fraction, str(event)
                _redraw(context)
            case Notice(message):
                progress.notice = message
            case Failure(message):
                return self._fail(context, message)
            case Cancelled():
                progress.notice = "Cancelled"
                return {"CANCELLED"}
            case Result():
                try:
                    return self._import(context, self._engine.motion())
                except TarError as error:
                    return self._fail(context, str(error))
        return None

    def _import(self, context: bpy.types.Context, clip: MotionClip) -> set[str]:
        _import_and_tell(self, context, clip)
        return {"FINISHED"}

    def _fail(self, context: bpy.types.Context, message: str) -> set[str]:
        context.window_manager.tar_progress.error = message
        self.report({"ERROR"}, message)
        return {"CANCELLED"}


class TAR_OT_import_motion_file(bpy.types.Operator, ImportHelper):
    """Import a motion file (.npz) that was captured before"""

    bl_idname = "tar.import_motion_file"
    bl_label = "Import Motion File"
    bl_options: ClassVar = {"REGISTER", "UNDO"}

    filename_ext = ".npz"
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        progress = context.window_manager.tar_progress
        progress.error = progress.notice = ""
        try:
            _import_and_tell(self, context, MotionClip.load(self.filepath))
        except TarError as error:
            progress.error = str(error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class TAR_OT_cancel_import(bpy.types.Operator):
    """Stop the running import; the scene stays as it is"""

    bl_idname = "tar.cancel_import"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.window_manager.tar_progress.running

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_progress.cancel_requested = True
        return {"FINISHED"}


def _import_and_tell(operator: bpy.types.Operator, context: bpy.types.Context, clip: MotionClip) -> None:
    imported = import_clip(clip, context)
    for warning in imported.warnings:
        operator.report({"WARNING"}, warning)
    count = len(imported.people)
    people = "1 person" if count == 1 else f"{count} people"
    progress = context.window_manager.tar_progress
    # The engine's own notices stay.
    progress.notice = " ".join(filter(None, [f"Imported {people}.", *imported.warnings, progress.notice]))


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


_CLASSES = (TAR_OT_import_video_motion, TAR_OT_import_motion_file, TAR_OT_cancel_import)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
