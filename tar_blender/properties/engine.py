"""The state of the engine's setup, for the buttons and the progress bar."""

import bpy
from bpy.props import BoolProperty, FloatProperty, PointerProperty, StringProperty


class TAREngineState(bpy.types.PropertyGroup):
    """What the engine's buttons are doing; kept in the window manager, so it is not saved."""

    running: BoolProperty()
    cancel_requested: BoolProperty()
    stage: StringProperty()
    fraction: FloatProperty()
    error: StringProperty()
    tested: StringProperty()


def register() -> None:
    bpy.utils.register_class(TAREngineState)
    bpy.types.WindowManager.tar_engine = PointerProperty(type=TAREngineState)


def unregister() -> None:
    del bpy.types.WindowManager.tar_engine
    bpy.utils.unregister_class(TAREngineState)
