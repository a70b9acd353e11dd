"""Operators of the engine: set up, cancel, test and remove. `engine/setup.py` does the work."""

import bpy

from tar_core.engine.bundled import remove_unpacked
from tar_core.errors import TarError

from ..engine.environment import environment_python, find_base_python, remove_environment, set_up_commands
from ..engine.paths import (
    addon_preferences,
    bundled_tar_core,
    engine_folder,
    engine_program,
    has_engine,
    packages_folder,
)
from ..engine.pip_options import check_links, local_variables, parse_options, stays_local
from ..engine.setup import EngineSetup, Failed, Ready, Stage, Stopped
from ..util.blender_types import OperatorMixin, OperatorResult, tag_redraw
from ..util.registration import registration
from ..util.report import refuse, sentence

_POLL_SECONDS = 0.1


class _EngineOperator(OperatorMixin):
    """A modal operator that follows an EngineSetup."""

    bl_options = {"REGISTER"}

    def start_setup(self, context: bpy.types.Context) -> EngineSetup:
        """Start the work.

        Raises:
            TarError: it cannot start.
        """
        raise NotImplementedError

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.window_manager.tar_engine.running:
            cls.poll_message_set("The engine is being set up or tested")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        state = context.window_manager.tar_engine
        state.error, state.tested, state.stage, state.fraction = "", "", "Starting", 0.0
        try:
            self._setup = self.start_setup(context)
        except TarError as error:
            state.error = str(error)
            return refuse(self, state.error)
        state.running, state.cancel_requested = True, False
        self._timer = context.window_manager.event_timer_add(_POLL_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        state = context.window_manager.tar_engine
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if state.cancel_requested:
            self._setup.cancel()
        for setup_event in self._setup.poll():
            match setup_event:
                case Stage(text, fraction):
                    state.stage, state.fraction = text, -1.0 if fraction is None else fraction
                case Ready(info):
                    state.tested, state.outdated = str(info), False
                case Failed(message):
                    state.error = message
                    refuse(self, message)
                case Stopped():
                    state.tested = ""
        tag_redraw(context, "PREFERENCES", "VIEW_3D")
        if not self._setup.finished:
            return {"PASS_THROUGH"}
        self._end(context)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened or Blender quits."""
        self._setup.cancel()
        self._end(context)

    def _end(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.tar_engine.running = False
        tag_redraw(context, "PREFERENCES", "VIEW_3D")


class TAR_OT_set_up_engine(_EngineOperator, bpy.types.Operator):
    """Create a Python environment for the engine. Downloads about 140 MB, or several gigabytes for a graphics card"""

    bl_idname = "tar.set_up_engine"
    bl_label = "Set Up Engine"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        try:
            needs_network = not stays_local(_pip_options(context))
        except TarError as error:
            cls.poll_message_set(sentence(str(error)))
            return False
        if needs_network and not bpy.app.online_access:
            cls.poll_message_set("Enable Allow Online Access first, here or in Preferences > System")
            return False
        return super().poll(context)

    def start_setup(self, context: bpy.types.Context) -> EngineSetup:
        folder = engine_folder()
        preferences = addon_preferences(context)
        extra = "[gpu]" if preferences and preferences.use_graphics_card else ""
        options = _pip_options(context)
        variables = None
        if not bpy.app.online_access:
            check_links(options)
            variables = local_variables()
        pinned = not (extra or options)  # another build of PyTorch, or other sources, are the user's choice
        commands = set_up_commands(folder, find_base_python(), bundled_tar_core() + extra, options, pinned)
        return EngineSetup(environment_python(folder), commands, folder, variables=variables)


class TAR_OT_test_engine(_EngineOperator, bpy.types.Operator):
    """Run the network once and show the versions and the device that it uses"""

    bl_idname = "tar.test_engine"
    bl_label = "Test"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not has_engine(context):
            cls.poll_message_set("Set up the engine first, or choose a Python that has tar_core")
            return False
        return super().poll(context)

    def start_setup(self, context: bpy.types.Context) -> EngineSetup:
        program = engine_program(context)
        return EngineSetup(program.python, engine=program.arguments)


class TAR_OT_cancel_engine(bpy.types.Operator):
    """Cancel the setup. Downloaded files are kept, so that the next setup resumes"""

    bl_idname = "tar.cancel_engine"
    bl_label = "Cancel"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_engine.cancel_requested = True
        return {"FINISHED"}


class TAR_OT_remove_engine(bpy.types.Operator):
    """Delete the environment of Set Up Engine and the unpacked packages, which the next capture unpacks again"""

    bl_idname = "tar.remove_engine"
    bl_label = "Remove"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.window_manager.tar_engine.running:
            cls.poll_message_set("The engine is being set up or tested")
            return False
        if context.window_manager.tar_progress.running:
            cls.poll_message_set("An import is running")
            return False
        if not (engine_folder().exists() or packages_folder().exists()):
            cls.poll_message_set("There is nothing to delete")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        context.window_manager.tar_engine.tested = ""
        try:
            remove_environment(engine_folder())
            remove_unpacked(packages_folder())
        except TarError as error:
            return refuse(self, error)
        return {"FINISHED"}


def _pip_options(context: bpy.types.Context) -> list[str]:
    preferences = addon_preferences(context)
    return parse_options(preferences.pip_options) if preferences else []


register, unregister = registration(
    (TAR_OT_set_up_engine, TAR_OT_test_engine, TAR_OT_cancel_engine, TAR_OT_remove_engine)
)
