"""Base class of operators that compute the motion of imported people again, in short steps."""

import bpy

from tar_core.errors import TarError

from ..util.blender_types import OperatorMixin, OperatorResult, tag_redraw
from ..util.incremental import Incremental, Pace, finish, run_for
from ..util.report import refuse

_TICK_SECONDS = 0.01
# Events that only change the view. Others could change what the operator is about to change.
_NAVIGATION = {
    *("MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"),
    *("TRACKPADPAN", "TRACKPADZOOM", "MOUSEROTATE", "NDOF_MOTION", "WINDOW_DEACTIVATE"),
}


class PacedOperator(OperatorMixin):
    """Runs an incremental task: in a window in short steps, with its progress in the sidebar; otherwise at once.

    The task changes nothing until it calls `starts_to_change`; until then it can be cancelled.
    """

    _invoked = False  # by the user; Adjust Last Operation and scripts wait for the result
    _timer: bpy.types.Timer | None = None

    def note_invoked(self) -> None:
        """Call this in `invoke`."""
        self._invoked = not bpy.app.background

    def run_paced(self, context: bpy.types.Context, task: Incremental[None], about: str) -> OperatorResult:
        """Run the task to its end, or start it if the operator was invoked in a window.

        Args:
            about: what is changed, for the sidebar.
        """
        if not self._invoked:
            try:
                finish(task)
            except TarError as error:
                return self.report_error(context, error)
            return {"FINISHED"}
        self._invoked = False
        self._task, self._changes, self._pace = task, False, Pace()
        progress = context.window_manager.tar_progress
        progress.running, progress.cancel_requested = True, False
        progress.captures = progress.records = False
        progress.video, progress.stage, progress.pace, progress.fraction = about, "Cleaning up the motion", "", 0.0
        self._timer = context.window_manager.event_timer_add(_TICK_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def report_error(self, context: bpy.types.Context, error: TarError) -> OperatorResult:
        """Report why the task failed; return the operator's result."""
        return refuse(self, error)

    def starts_to_change(self, context: bpy.types.Context) -> None:
        """Called by the task when it begins to change the file."""
        self._changes = True
        context.window_manager.tar_progress.stage = "Changing the keys"
        tag_redraw(context, "VIEW_3D")

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        progress = context.window_manager.tar_progress
        if event.type == "ESC" and event.value == "PRESS":
            progress.cancel_requested = True
        if event.type != "TIMER":
            can_pass = event.type in _NAVIGATION and not self._changes
            return {"PASS_THROUGH"} if can_pass else {"RUNNING_MODAL"}
        if progress.cancel_requested and not self._changes:
            self._stop(context)
            progress.notice, progress.clip = "Cancelled; nothing was changed", ""
            return {"CANCELLED"}
        try:
            run_for(self._task, self._pace.seconds() if self._changes else 0)
            self._pace.pause()
            return {"RUNNING_MODAL"}
        except StopIteration:
            self._stop(context)
            return {"FINISHED"}
        except TarError as error:
            self._stop(context)
            return self.report_error(context, error)
        except Exception as error:  # a bug; otherwise the panel would show a running task forever
            self._stop(context)
            progress.error = f"unexpected {type(error).__name__}: {error}; see the system console"
            raise

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened or Blender quits."""
        self._stop(context)

    def _stop(self, context: bpy.types.Context) -> None:
        context.window_manager.tar_progress.running = False
        self._task.close()
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
        tag_redraw(context, "VIEW_3D")
