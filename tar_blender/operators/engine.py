"""The engine's buttons in the preferences: set up, cancel, test, remove. What they do is in engine_setup.py."""

import shlex
from typing import ClassVar

import bpy
from bpy.props import BoolProperty, FloatProperty, PointerProperty, StringProperty

from tar_core import __version__
from tar_core.errors import TarError

from ..engine.paths import addon_preferences, bundled_tar_core, engine_folder, engine_python, engine_wheels, has_engine
from ..engine.setup import (
    EngineInfo,
    EngineSetup,
    Failed,
    Ready,
    Stage,
    Stopped,
    environment_python,
    find_base_python,
    is_older,
    remove_environment,
    set_up_commands,
    set_up_info,
)
from ..util.report import refuse, sentence

_POLL_SECONDS = 0.1


class TAREngineState(bpy.types.PropertyGroup):
    """What the engine's buttons are doing; kept in the window manager, so it is not saved."""

    running: BoolProperty()
    cancel_requested: BoolProperty()
    stage: StringProperty()
    fraction: FloatProperty()
    error: StringProperty()
    tested: StringProperty()


class _EngineWork:
    """Follows an EngineSetup without holding Blender up; in the background it waits."""

    bl_options: ClassVar = {"REGISTER"}

    def setup(self, context: bpy.types.Context) -> EngineSetup:
        raise NotImplementedError

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.window_manager.tar_engine.running:
            cls.poll_message_set("The engine is being worked on")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        state = context.window_manager.tar_engine
        state.error, state.tested, state.stage, state.fraction = "", "", "Starting", 0.0
        try:
            self._setup = self.setup(context)
        except TarError as error:
            state.error = str(error)
            return refuse(self, state.error)
        state.running, state.cancel_requested = True, False
        self._timer = context.window_manager.event_timer_add(_POLL_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        state = context.window_manager.tar_engine
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if state.cancel_requested:
            self._setup.cancel()
        for news in self._setup.poll():
            match news:
                case Stage(text, fraction):
                    state.stage, state.fraction = text, -1.0 if fraction is None else fraction
                case Ready(info):
                    state.tested = str(info)
                case Failed(message):
                    state.error = message
                    refuse(self, message)
                case Stopped():
                    state.tested = ""
        _redraw(context)
        if not self._setup.finished:
            return {"PASS_THROUGH"}
        self._end(context)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends modal operators when another file is opened or it quits."""
        self._setup.cancel()
        self._end(context)

    def _end(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.tar_engine.running = False
        _redraw(context)


class TAR_OT_set_up_engine(_EngineWork, bpy.types.Operator):
    """Make the Python environment in which the network runs: downloads PyTorch, up to some gigabytes, once"""

    bl_idname = "tar.set_up_engine"
    bl_label = "Set Up Engine"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not bpy.app.online_access and "--no-index" not in _pip_options(context):
            cls.poll_message_set("Tick Allow Online Access first: here, or in Preferences > System")
            return False
        return super().poll(context)

    def setup(self, context: bpy.types.Context) -> EngineSetup:
        folder = engine_folder()
        commands = set_up_commands(folder, find_base_python(), bundled_tar_core(), _pip_options(context))
        return EngineSetup(environment_python(folder), commands, folder)


class TAR_OT_test_engine(_EngineWork, bpy.types.Operator):
    """Run the network once and say which versions and which device it uses"""

    bl_idname = "tar.test_engine"
    bl_label = "Test"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not has_engine(context):
            cls.poll_message_set("Set the engine up first, or name a Python that has one")
            return False
        return super().poll(context)

    def setup(self, context: bpy.types.Context) -> EngineSetup:
        return EngineSetup(engine_python(context))


class TAR_OT_cancel_engine(bpy.types.Operator):
    """Stop; what was downloaded is kept for the next time"""

    bl_idname = "tar.cancel_engine"
    bl_label = "Cancel"

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_engine.cancel_requested = True
        return {"FINISHED"}


class TAR_OT_remove_engine(bpy.types.Operator):
    """Delete the engine's environment; it can be set up again"""

    bl_idname = "tar.remove_engine"
    bl_label = "Remove"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.window_manager.tar_engine.running or not engine_folder().exists():
            cls.poll_message_set("There is none, or it is being worked on")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.tar_engine.tested = ""
        try:
            remove_environment(engine_folder())
        except TarError as error:
            return refuse(self, error)
        return {"FINISHED"}


def engine_trouble(context: bpy.types.Context) -> str:
    """What the sidebar says of an engine that is missing, or was set up for an older add-on; "" where all is well."""
    if not has_engine(context):
        return "the engine is not set up"
    set_up_is_used = engine_python(context) == environment_python(engine_folder())
    return _age(set_up_info(engine_folder())) if set_up_is_used else ""


def set_up_label() -> str:
    """What the button that sets the engine up is called now."""
    info = set_up_info(engine_folder())
    if info is None:
        return TAR_OT_set_up_engine.bl_label
    return "Update Engine" if _age(info) else "Set Up Again"


def draw_engine(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """How the engine is, and all the buttons: for the preferences."""
    state, info = context.window_manager.tar_engine, set_up_info(engine_folder())
    column = layout.box().column()
    if state.error:
        column.label(text=sentence(state.error), icon="ERROR")
    if _age(info):
        column.label(text=sentence(_age(info)), icon="ERROR")
    elif state.tested or info is not None:
        column.label(text=state.tested or str(info), icon="CHECKMARK")
    else:
        column.label(text="The network runs in a Python of its own, outside Blender", icon="INFO")
    draw_set_up(column, context)
    if not state.running:
        row = column.row(align=True)
        row.operator(TAR_OT_test_engine.bl_idname, icon="PLAY")
        row.operator(TAR_OT_remove_engine.bl_idname, icon="TRASH")


def draw_set_up(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The button that sets the engine up, or how far that is."""
    state = context.window_manager.tar_engine
    if not state.running:
        layout.operator(TAR_OT_set_up_engine.bl_idname, text=set_up_label(), icon="IMPORT")
        if not TAR_OT_set_up_engine.poll(context):
            row = layout.row()
            row.use_property_split = False  # in the sidebar half the width is too little for its name
            row.prop(context.preferences.system, "use_online_access", text="Allow Online Access")
        return
    if state.fraction >= 0:
        layout.progress(factor=state.fraction, type="BAR", text=state.stage)
    else:
        layout.label(text=f"{state.stage} ...", icon="SORTTIME")
    layout.operator(TAR_OT_cancel_engine.bl_idname, icon="X")


def _age(info: EngineInfo | None) -> str:
    """What is to say of an engine that is older than the add-on; "" where it is not."""
    if info is None or not is_older(info.tar_core, __version__):
        return ""
    return f"the engine is of version {info.tar_core}, the add-on of {__version__}; update it"


def _pip_options(context: bpy.types.Context) -> list[str]:
    preferences = addon_preferences(context)
    options = shlex.split(preferences.pip_options) if preferences else []
    wheels = engine_wheels()
    if not options and wheels is not None:
        return ["--no-index", "--find-links", str(wheels)]
    return options


def _redraw(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("PREFERENCES", "VIEW_3D"):
                area.tag_redraw()


_CLASSES = (TAREngineState, TAR_OT_set_up_engine, TAR_OT_test_engine, TAR_OT_cancel_engine, TAR_OT_remove_engine)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.WindowManager.tar_engine = PointerProperty(type=TAREngineState)


def unregister() -> None:
    del bpy.types.WindowManager.tar_engine
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
