"""The state of the engine's setup."""

import sys
from typing import Any

import bpy

from tar_core.engine.bundled import version_of, wheels_for
from tar_core.errors import TarError

from .environment import environment_python, set_up_info, update_reason
from .paths import bundled_program, bundled_trouble, bundled_wheels, engine_folder, engine_program, own_python


def engine_trouble(context: bpy.types.Context) -> str:
    """Return why the engine should be set up or updated; "" if it is ready."""
    try:
        program = engine_program(context)
    except TarError as error:
        return str(error) if own_python(context) else f"{bundled_trouble()}; set up the engine"
    manager: Any = context.window_manager
    if manager.tar_engine.outdated:  # as the engine itself reported
        return "the engine is older than the add-on; update it"
    set_up_is_used = program.python == environment_python(engine_folder())
    return update_reason(set_up_info(engine_folder())) if set_up_is_used else ""


def engine_text(context: bpy.types.Context) -> str:
    """Return which engine is used, in words.

    Raises:
        TarError: there is none.
    """
    program, info = engine_program(context), set_up_info(engine_folder())
    if program == bundled_program():
        (runtime,) = (wheel for wheel in wheels_for(sys.version_info[:2], bundled_wheels()) if "runtime" in wheel.name)
        return f"Included in the extension: ONNX Runtime {version_of(runtime)}, cpu"
    if info is not None and program.python == environment_python(engine_folder()):
        return str(info)
    return f"Own Python: {program.python}"
