"""The state of the engine's setup."""

from typing import Any

import bpy

from tar_core.engine.protocol import PROTOCOL, known_options

from .environment import EngineInfo, environment_python, set_up_info
from .paths import engine_folder, engine_python, has_engine


def engine_trouble(context: bpy.types.Context) -> str:
    """Return why the engine should be set up or updated; "" if it is ready."""
    if not has_engine(context):
        return "the engine is not set up"
    manager: Any = context.window_manager
    if manager.tar_engine.outdated:  # as the engine itself reported
        return "the engine is older than the add-on; update it"
    set_up_is_used = engine_python(context) == environment_python(engine_folder())
    return update_reason(set_up_info(engine_folder())) if set_up_is_used else ""


def update_reason(info: EngineInfo | None) -> str:
    """Return what an engine lacks that the add-on needs; "" if it lacks nothing or is not set up.

    Capabilities count, not versions: an older engine that knows every option is good enough.
    """
    if info is None:
        return ""
    if info.protocol < PROTOCOL:
        return "the engine is older than the add-on; update it"
    missing = sorted(set(known_options()) - set(info.options))
    return f"the engine does not support {', '.join(missing)}; update it" if missing else ""
