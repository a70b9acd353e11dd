"""State of the running setup of the engine."""

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty

from ..util.registration import Pointer, registration


class TAREngineState(bpy.types.PropertyGroup):
    """State of the operators in `operators/engine.py`; in the window manager, so it is not saved.

    Attributes:
        running: a setup or a self-test is running.
        cancel_requested: the user pressed Cancel.
        stage: what is being done.
        fraction: 0 to 1, the share that is done; -1 if unknown.
        error: why the last setup failed.
        tested: the result of the last self-test.
        outdated: the engine has reported that it is older than the add-on.
    """

    running: BoolProperty()
    cancel_requested: BoolProperty()
    stage: StringProperty()
    fraction: FloatProperty()
    error: StringProperty()
    tested: StringProperty()
    outdated: BoolProperty()


register, unregister = registration(
    (TAREngineState,), (Pointer(bpy.types.WindowManager, "tar_engine", TAREngineState),)
)
