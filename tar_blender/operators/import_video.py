"""The buttons of an import: find people, start it, import a motion file, cancel, copy a report.

Thin: the work is in engine_client and import_motion.
"""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import bpy
from bpy.props import IntProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from tar_core.amass import load_motion
from tar_core.body.data import load_body
from tar_core.body.genders import body_of_gender
from tar_core.engine.client import Cancelled, CaptureJob, EngineProcess, Event, Failure, Notice, Progress, Result
from tar_core.errors import TarError
from tar_core.motion import MotionClip

from ..engine.cache import keep_motion
from ..engine.paths import body_file, bundled_tar_core, cache_folder, engine_choices, engine_python
from ..engine.request import ImportRequest
from ..properties.people_picker import selection_traces, show_detected
from ..scene.build import ImportedClip, import_steps
from ..scene.metadata import ClipRecord, mark_clip
from ..util.incremental import Incremental, in_thread, run_for
from ..util.report import refuse, report_text, sentence

_POLL_SECONDS = 0.1
_BUILDING_TICK = 0.01  # seconds between two looks while the scene is built
_BUILDING_SECONDS = 0.008  # of building in one look; the last step may take longer
_CANCELLED = "Cancelled; the scene is as it was"


class _EngineOperator:
    """Starts a job of the engine, follows it, and brings its result into Blender; then those that wait in the queue.

    A motion file is built at once.
    """

    _timer: bpy.types.Timer | None = None
    _engine: EngineProcess | None = None

    def _start_or_queue(self, context: bpy.types.Context, request: ImportRequest) -> set[str]:
        """Raises TarError where the engine cannot be started."""
        progress = context.window_manager.tar_progress
        if progress.running:
            waiting = progress.queue.add()
            waiting.name, waiting.request = request.video.name, request.to_json()
            return {"FINISHED"}
        return self._start(context, request)

    def _start(self, context: bpy.types.Context, request: ImportRequest) -> set[str]:
        """Raises TarError where the engine cannot be started."""
        self._begin(context, request)
        if bpy.app.background:  # no window, no event loop to wait in
            return self._wait(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        progress = context.window_manager.tar_progress
        if event.type == "ESC" and event.value == "PRESS":
            progress.cancel_requested = True
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            # What is half built must not be undone or changed meanwhile.
            return {"RUNNING_MODAL"} if self._building else {"PASS_THROUGH"}
        try:
            result = self._step(context)
        except Exception as error:  # a bug; without this the panel would wait for ever
            progress.error = f"unexpected {type(error).__name__}: {error}; the system console says where"
            self._stop(context)
            raise
        if result is None or self._begin_next(context):
            return {"PASS_THROUGH"}
        self._stop(context)
        return result

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends modal operators when another file is opened or it quits."""
        self._stop(context)

    def _begin(self, context: bpy.types.Context, request: ImportRequest) -> None:
        self._request = request
        self._building: Incremental[ImportedClip] | None = None
        self._imported: ImportedClip | None = None
        self._engine = (
            None
            if request.is_motion
            else EngineProcess(engine_python(context), request.job, package=bundled_tar_core())
        )
        progress = context.window_manager.tar_progress
        progress.running, progress.cancel_requested = True, False
        progress.video, progress.request = request.video.name, request.to_json()
        progress.fraction, progress.stage, progress.pace = 0.0, "Starting", ""
        if request.is_motion:
            self._begin_building(context)
        else:
            self._tick_every(context, _POLL_SECONDS)

    def _begin_next(self, context: bpy.types.Context) -> bool:
        """Starts the first import of the queue that can be; tells whether there was one."""
        queue = context.window_manager.tar_progress.queue
        self._close_engine()
        while queue:
            request = ImportRequest.from_json(queue[0].request)
            queue.remove(0)
            try:
                self._begin(context, request)
                return True
            except TarError as error:
                _fail(self, context, str(error))
        return False

    def _wait(self, context: bpy.types.Context) -> set[str]:
        try:
            while True:
                result = self._step(context)
                if result is not None:
                    return result
                if self._building is None:
                    time.sleep(_POLL_SECONDS)
        finally:
            self._stop(context)

    def _stop(self, context: bpy.types.Context) -> None:
        progress = context.window_manager.tar_progress
        progress.running = False
        progress.queue.clear()
        if self._building is not None:
            self._building.close()
        if not bpy.app.background:
            context.window_manager.event_timer_remove(self._timer)
        self._close_engine()
        _redraw(context)

    def _close_engine(self) -> None:
        if self._engine is not None:
            self._engine.close()

    def _tick_every(self, context: bpy.types.Context, seconds: float) -> None:
        if bpy.app.background:
            return
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        self._timer = context.window_manager.event_timer_add(seconds, window=context.window)

    def _step(self, context: bpy.types.Context) -> set[str] | None:
        """Shows what the engine has told since the last step, and then builds; at the end gives what the operator
        returns.
        """
        if self._building is not None:
            return self._build(context)
        if context.window_manager.tar_progress.cancel_requested:
            self._engine.cancel()
        result = None
        for event in self._engine.poll():
            result = self._follow(context, event)
        return result

    def _follow(self, context: bpy.types.Context, event: Event) -> set[str] | None:
        progress = context.window_manager.tar_progress
        match event:
            case Progress():
                progress.fraction, progress.stage, progress.pace = event.fraction, event.headline, event.pace
                _redraw(context)
            case Notice(message):
                progress.notice = message
            case Failure(message):
                progress.log = "\n".join(self._engine.errors)
                return _fail(self, context, message)
            case Cancelled():
                progress.notice = _CANCELLED
                return {"CANCELLED"}
            case Result():
                try:
                    return self._show_found(context) if self._request.job.look else self._begin_building(context)
                except TarError as error:
                    return _fail(self, context, str(error))
        return None

    def _show_found(self, context: bpy.types.Context) -> set[str]:
        show_detected(context, self._request.job.video, self._engine.found())
        return {"FINISHED"}

    def _begin_building(self, context: bpy.types.Context) -> None:
        progress = context.window_manager.tar_progress
        progress.stage, progress.pace, progress.fraction = "Building the scene", "", 1.0
        self._building = self._import_steps(context)
        self._tick_every(context, _BUILDING_TICK)

    def _import_steps(self, context: bpy.types.Context) -> Incremental[ImportedClip]:
        motion = yield from in_thread(self._read_motion)
        return (yield from import_steps(motion, context, self._request.options))

    def _read_motion(self) -> MotionClip:
        return load_motion(self._request.video, load_body()) if self._request.is_motion else self._engine.motion()

    def _build(self, context: bpy.types.Context) -> set[str] | None:
        """Goes on building for a moment; at the end gives what the operator returns."""
        progress = context.window_manager.tar_progress
        building = self._building
        try:
            if self._imported is not None:
                result = self._keep(context, self._imported)
            elif progress.cancel_requested:
                building.close()
                progress.notice, result = _CANCELLED, {"CANCELLED"}
            else:
                run_for(building, _BUILDING_SECONDS)
                return None
        except StopIteration as end:
            self._imported = end.value  # to be kept in a step of its own: an undo step takes its time
            return None
        except TarError as error:
            result = _fail(self, context, str(error))
        self._building = None
        self._tick_every(context, _POLL_SECONDS)
        return result

    def _keep(self, context: bpy.types.Context, imported: ImportedClip) -> set[str]:
        """Keeps the captured motion for other imports and ends the undo step."""
        motion = str(self._request.video)
        if not self._request.is_motion:
            try:
                motion = str(keep_motion(self._engine.content(), self._request.video, cache_folder(context)))
            except TarError as error:
                motion = ""
                imported.warnings.append(str(error))
        mark_clip(imported.collection, ClipRecord(motion, self._request.options.settings()))
        _tell(self, context, imported)
        if not bpy.app.background:
            operator = TAR_OT_import_motion_file if self._request.is_motion else TAR_OT_import_video_motion
            bpy.ops.ed.undo_push(message=operator.bl_label)
        return {"FINISHED"}


class TAR_OT_import_video_motion(_EngineOperator, bpy.types.Operator):
    """Turn the people in the video into animated SMPL characters in front of a matching camera"""

    # Undo steps are pushed by hand: one run may serve several imports of the queue.
    bl_idname = "tar.import_video_motion"
    bl_label = "Import Video Motion"
    bl_options: ClassVar = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.tar_settings.video:
            cls.poll_message_set("Choose a video first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_progress.clear_messages()
        try:
            return self._start_or_queue(context, _request(context))
        except TarError as error:
            return _fail(self, context, str(error))


class TAR_OT_find_people(_EngineOperator, bpy.types.Operator):
    """Look quickly through the video who is in it, to choose from; captures no motion yet"""

    bl_idname = "tar.find_people"
    bl_label = "Find People"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.tar_settings.video:
            cls.poll_message_set("Choose a video first")
            return False
        if context.window_manager.tar_progress.running:
            cls.poll_message_set("Wait until the running import has ended, or cancel it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_progress.clear_messages()
        settings = context.scene.tar_settings
        try:
            everybody = settings.job(context.scene, None)
            job = replace(everybody, people="all", look=True, **engine_choices(context))
            return self._start(context, ImportRequest(job, settings.import_options()))
        except TarError as error:
            return _fail(self, context, str(error))


class TAR_OT_import_motion_file(bpy.types.Operator, ImportHelper):
    """Import a motion file (.npz) that was captured before, or one of AMASS"""

    bl_idname = "tar.import_motion_file"
    bl_label = "Import Motion File"

    filename_ext = ".npz"
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            bpy.ops.tar.build_motion_file(filepath=self.filepath)  # what a file browser calls cannot go on by itself
        except RuntimeError as error:
            return _fail(self, context, context.window_manager.tar_progress.error or str(error))
        return {"FINISHED"}


class TAR_OT_build_motion_file(_EngineOperator, bpy.types.Operator):
    """Build the people of a motion file"""

    bl_idname = "tar.build_motion_file"
    bl_label = "Build Motion File"
    bl_options: ClassVar = {"INTERNAL"}

    filepath: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_progress.clear_messages()
        settings = context.scene.tar_settings
        try:
            options = settings.import_options(camera=settings.scene_camera(context.scene))
            request = ImportRequest(CaptureJob(video=str(Path(self.filepath).absolute())), options)
            if not request.is_motion:
                raise TarError(f"{self.filepath}: not a motion file; choose an .npz")
            return self._start_or_queue(context, request)
        except TarError as error:
            return _fail(self, context, str(error))


class TAR_OT_cancel_import(bpy.types.Operator):
    """Stop the running import; the scene stays as it is, and the next of the queue begins"""

    bl_idname = "tar.cancel_import"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.window_manager.tar_progress.running:
            cls.poll_message_set("No import is running")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_progress.cancel_requested = True
        return {"FINISHED"}


class TAR_OT_unqueue_import(bpy.types.Operator):
    """Take this import out of the queue"""

    bl_idname = "tar.unqueue_import"
    bl_label = "Remove from Queue"
    bl_options: ClassVar = {"INTERNAL"}

    index: IntProperty(options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_progress.queue.remove(self.index)
        return {"FINISHED"}


class TAR_OT_copy_report(bpy.types.Operator):
    """Copy what a bug report needs: the error, versions, settings and the engine's last lines, without folders"""

    bl_idname = "tar.copy_report"
    bl_label = "Copy Report"

    def execute(self, context: bpy.types.Context) -> set[str]:
        progress = context.window_manager.tar_progress
        fields = json.loads(progress.request) if progress.request else {}
        settings = fields.get("job", {}) | fields.get("options", {})
        if settings.get("chosen"):
            settings["chosen"] = f"{sum(trace['wanted'] for trace in settings['chosen'])} of {len(settings['chosen'])}"
        context.window_manager.clipboard = report_text(progress.error, settings, progress.log.splitlines())
        self.report({"INFO"}, "The report is in the clipboard")
        return {"FINISHED"}


def _request(context: bpy.types.Context) -> ImportRequest:
    """What the panel's settings ask for.

    Raises:
        TarError: they cannot be met.
    """
    settings = context.scene.tar_settings
    body = body_file(context) if settings.body == "smpl" else None
    if settings.body == "smpl" and body is None:
        raise TarError("no SMPL file is named; choose yours under Body, or the free body")
    if body is not None and settings.gender != "file":
        body = str(body_of_gender(Path(body), settings.gender))
    chosen = selection_traces(context, str(settings.video_path)) if settings.people == "picked" else None
    job = replace(settings.job(context.scene, body, chosen), **engine_choices(context))
    return ImportRequest(job, settings.import_options(camera=settings.scene_camera(context.scene)))


def _tell(operator: bpy.types.Operator, context: bpy.types.Context, imported: ImportedClip) -> None:
    for warning in imported.warnings:
        operator.report({"WARNING"}, sentence(warning))
    count = len(imported.people)
    people = "1 person" if count == 1 else f"{count} people"
    progress = context.window_manager.tar_progress
    # The engine's own notices stay.
    progress.notice = " ".join(filter(None, [f"Imported {people}.", *imported.warnings, progress.notice]))


def _fail(operator: bpy.types.Operator, context: bpy.types.Context, message: str) -> set[str]:
    context.window_manager.tar_progress.error = message
    return refuse(operator, message)


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


_CLASSES = (
    TAR_OT_import_video_motion,
    TAR_OT_find_people,
    TAR_OT_import_motion_file,
    TAR_OT_build_motion_file,
    TAR_OT_cancel_import,
    TAR_OT_unqueue_import,
    TAR_OT_copy_report,
)


def _draw_in_file_menu(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator(TAR_OT_import_motion_file.bl_idname, text="SMPL Motion, AMASS (.npz)")


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.TOPBAR_MT_file_import.append(_draw_in_file_menu)


def unregister() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_draw_in_file_menu)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
