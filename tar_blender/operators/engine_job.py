"""Base class of the operators that import: run the engine, build the result, continue with the queue."""

import time
import traceback

import bpy

from tar_core.amass import load_motion
from tar_core.body.data import load_body
from tar_core.engine.client import EngineProcess
from tar_core.engine.protocol import Cancelled, Event, Failure, Notice, Progress, Result
from tar_core.errors import TarError, with_hint
from tar_core.motion import MotionClip
from tar_core.preview import Preview

from ..engine.cache import keep_motion
from ..engine.paths import bundled_tar_core, cache_folder, engine_program
from ..engine.request import ImportRequest
from ..properties.people_picker import show_detected
from ..scene.build import ImportedClip, build_steps, prepare_steps, record_import
from ..scene.live_people import remove_live_people, show_live_people
from ..scene.metadata import last_color
from ..util.blender_types import OperatorMixin, OperatorResult, tag_redraw
from ..util.incremental import Incremental, Pace, in_thread, run_for
from ..util.preview import hide_preview, show_preview
from ..util.report import refuse, sentence
from .show_imported import look_through_camera, select_people

_POLL_SECONDS = 0.1  # between looks for events of the engine
_LIVE_SECONDS = 0.03  # the same for a live preview
_BUILDING_TICK = 0.01  # seconds between timer events while the scene is built
_CANCELLED = "Cancelled; the scene was not changed"

# What to do in the sidebar about errors and warnings of the engine, by topic (tar_core/errors.py).
HINTS = {
    "nobody_detected": "set People to Box and press Draw Box",
    "moving_camera": "set Camera to As Animated",
    "focal_length": "set Focal Length in Re-import",
    "pytorch": "select Graphics Card in the preferences and set up the engine again",
}


class EngineJobOperator(OperatorMixin):
    """Runs a job of the engine and builds its result in the scene, then runs the imports in the queue.

    Motion files are imported without the engine. Without a window, `start` waits for the result.
    """

    _timer: bpy.types.Timer | None = None
    _engine: EngineProcess | None = None

    def start_or_queue(self, context: bpy.types.Context, request: ImportRequest) -> OperatorResult:
        """Start an import, or queue it during another import.

        Raises:
            TarError: the engine cannot be started.
        """
        progress = context.window_manager.tar_progress
        if progress.running:
            queued = progress.queue.add()
            queued.name, queued.request = request.video.name, request.to_json()
            return {"FINISHED"}
        return self.start(context, request)

    def start(self, context: bpy.types.Context, request: ImportRequest) -> OperatorResult:
        """Start an import.

        Raises:
            TarError: the engine cannot be started.
        """
        self._begin(context, request)
        if bpy.app.background:  # no event loop
            return self._wait(context)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        progress = context.window_manager.tar_progress
        if event.type == "ESC" and event.value == "PRESS":
            progress.cancel_requested = True
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            # Ignore input, since the user must not undo or change a scene that is being built.
            return {"RUNNING_MODAL"} if self._changes_scene else {"PASS_THROUGH"}
        try:
            result = self._step(context)
        except Exception as error:  # a bug; otherwise the panel would show a running import forever
            progress.error = f"unexpected {type(error).__name__}: {error}; see the system console"
            self._stop(context)
            raise
        if result is None or self._begin_next(context):
            return {"PASS_THROUGH"}
        self._stop(context)
        return result

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened or Blender quits."""
        self._stop(context)

    def _begin(self, context: bpy.types.Context, request: ImportRequest) -> None:
        self._request, self._used_colors = request, last_color()
        self._building: Incremental[list[ImportedClip]] | None = None
        self._changes_scene = False
        self._pace = Pace()
        self._imported: list[ImportedClip] | None = None
        self._engine, self._has_recorded = None, False
        if not request.is_motion:
            program = engine_program(context)
            self._engine = EngineProcess(program.python, request.job, program.arguments, package=bundled_tar_core())
        progress = context.window_manager.tar_progress
        progress.running, progress.cancel_requested = True, False
        progress.video, progress.request = request.video.name, request.to_json()
        progress.records = request.job.record is not None
        progress.captures = not (progress.records or request.job.scan)
        context.window_manager.tar_detected.shows_boxes = False
        progress.fraction, progress.stage, progress.pace = 0.0, "Starting", ""
        if request.is_motion:
            self._begin_building(context)
        else:
            record = request.job.record
            self._tick_every(context, _LIVE_SECONDS if record is not None and record.live else _POLL_SECONDS)

    def _begin_next(self, context: bpy.types.Context) -> bool:
        """Start the first import of the queue that can be started. Returns whether there is one."""
        queue = context.window_manager.tar_progress.queue
        self._close_engine()
        while queue:
            request = ImportRequest.from_json(queue[0].request)
            queue.remove(0)
            try:
                self._begin(context, request)
                return True
            except TarError as error:
                fail(self, context, str(error))
        return False

    def _wait(self, context: bpy.types.Context) -> OperatorResult:
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
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        self._close_engine()
        tag_redraw(context, "VIEW_3D")

    def _close_engine(self) -> None:
        hide_preview()
        remove_live_people()
        if self._engine is not None:
            self._engine.close()

    def _tick_every(self, context: bpy.types.Context, seconds: float) -> None:
        if bpy.app.background:
            return
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        self._timer = context.window_manager.event_timer_add(seconds, window=context.window)

    def _step(self, context: bpy.types.Context) -> OperatorResult | None:
        """Handle the events of the engine, or continue building. Returns the operator's result at the end."""
        if self._building is not None:
            return self._build(context)
        if context.window_manager.tar_progress.cancel_requested:
            if self._has_recorded:
                self._engine.stop()  # the recorded part is kept
            else:
                self._engine.cancel()  # at once, also while it waits for the answer of a stream
        result = None
        for event in self._engine.poll():
            result = self._follow(context, event)
        return result

    def _follow(self, context: bpy.types.Context, event: Event) -> OperatorResult | None:
        progress = context.window_manager.tar_progress
        match event:
            case Progress():
                self._has_recorded |= event.stage == "record"
                progress.fraction, progress.stage, progress.pace = event.fraction, event.headline, event.pace
                if event.stage not in ("capture", "record"):
                    hide_preview()
                tag_redraw(context, "VIEW_3D")
            case Preview():
                self._has_recorded |= event.time is not None
                show_preview(event, self._used_colors)
                self._show_live_people(context, event)
                tag_redraw(context, "VIEW_3D")
            case Notice(message, topic):
                progress.notice = _join(progress.notice, with_hint(message, topic, HINTS))
            case Failure(message, outdated, topic):
                context.window_manager.tar_engine.outdated = outdated
                progress.log = "\n".join(self._engine.errors)
                return fail(self, context, with_hint(message, topic, HINTS))
            case Cancelled():
                progress.notice = _CANCELLED
                return {"CANCELLED"}
            case Result():
                try:
                    if self._request.job.record is not None:
                        return self._choose_recorded(context)
                    if self._request.job.scan:
                        return self._show_detected(context)
                    self._begin_building(context)
                except TarError as error:
                    return fail(self, context, str(error))
        return None

    def _show_live_people(self, context: bpy.types.Context, preview: Preview) -> None:
        if preview.time is None or bpy.app.background:
            return
        try:
            show_live_people(context, preview, self._used_colors)
        except Exception:  # a bug must not end the recording
            traceback.print_exc()

    def _show_detected(self, context: bpy.types.Context) -> OperatorResult:
        job = self._request.job
        show_detected(context, job.video, job.options.first_frame, self._engine.detected())
        return {"FINISHED"}

    def _choose_recorded(self, context: bpy.types.Context) -> OperatorResult:
        progress = context.window_manager.tar_progress
        context.scene.tar_settings.video = self._request.job.video
        progress.notice = _join(f"Recorded {self._request.video.name}", progress.notice)
        return {"FINISHED"}

    def _begin_building(self, context: bpy.types.Context) -> None:
        progress = context.window_manager.tar_progress
        progress.stage, progress.pace, progress.fraction = "Cleaning up the motion", "", 1.0
        hide_preview()
        self._changes_scene = self._request.options.camera is not None  # whose frames are shown to sample it
        self._building = self._import_steps(context)
        self._tick_every(context, _BUILDING_TICK)

    def _import_steps(self, context: bpy.types.Context) -> Incremental[list[ImportedClip]]:
        clips = yield from in_thread(self._read_motion)
        prepared = yield from prepare_steps(clips, context, self._request.options)
        context.window_manager.tar_progress.stage = "Building the scene"
        self._changes_scene = True
        return (yield from build_steps(prepared, context, self._request.options))

    def _read_motion(self) -> list[MotionClip]:
        return load_motion(self._request.video, load_body()) if self._request.is_motion else self._engine.motion()

    def _build(self, context: bpy.types.Context) -> OperatorResult | None:
        """Continue building for a moment. Returns the operator's result at the end."""
        progress = context.window_manager.tar_progress
        building = self._building
        assert building is not None
        try:
            if self._imported is not None:
                result = self._keep(context, self._imported)
            elif progress.cancel_requested:
                building.close()
                progress.notice, result = _CANCELLED, {"CANCELLED"}
            else:
                run_for(building, self._pace.seconds() if self._changes_scene else 0)
                self._pace.pause()
                return None
        except StopIteration as end:
            self._imported = end.value  # kept in the next timer event, since an undo step takes time
            return None
        except TarError as error:
            result = fail(self, context, str(error))
        self._building, self._changes_scene = None, False
        self._tick_every(context, _POLL_SECONDS)
        return result

    def _keep(self, context: bpy.types.Context, imported: list[ImportedClip]) -> OperatorResult:
        """Write the captured motion to the cache, mark and report the imported clips, and push an undo step."""
        motion = str(self._request.video)
        if not self._request.is_motion:
            try:
                motion = str(keep_motion(self._engine.content(), self._request.video, cache_folder(context)))
            except TarError as error:
                motion = ""
                imported[0].warnings.append(str(error))
        record_import(imported, motion, self._request.options)
        report_import(self, context, imported)
        select_people(context, imported)
        look_through_camera(context, imported)
        if not bpy.app.background:
            kind = "Motion File" if self._request.is_motion else "Video Motion"
            bpy.ops.ed.undo_push(message=f"Import {kind}")
        return {"FINISHED"}


def report_import(operator: bpy.types.Operator, context: bpy.types.Context, imported: list[ImportedClip]) -> None:
    """Report an import and its warnings, and show them in the panel."""
    warnings = [warning for built in imported for warning in built.warnings]
    count = sum(len(built.people) for built in imported)
    people = "1 person" if count == 1 else f"{count} people"
    people += "" if len(imported) == 1 else f" in {len(imported)} shots"
    done = f"Imported {people}."
    operator.report({"INFO"}, _join(done, imported[0].about_scene))  # in the status bar: the panel may be scrolled
    for warning in warnings:
        operator.report({"WARNING"}, sentence(warning))
    progress = context.window_manager.tar_progress
    # The notice may already contain warnings of the engine.
    progress.notice = _join(done, imported[0].about_scene, *warnings, progress.notice)
    progress.clip = imported[0].collection.name


def _join(*messages: str) -> str:
    """Messages as a text of sentences; empty messages are left out."""
    return " ".join(f"{sentence(message).removesuffix('.')}." for message in messages if message)


def fail(operator: bpy.types.Operator, context: bpy.types.Context, message: object) -> OperatorResult:
    """Show an error in the panel and report it."""
    context.window_manager.tar_progress.error = str(message)
    return refuse(operator, message)
