"""The state of the engine's setup."""

import bpy

from tar_core import __version__

from .environment import EngineInfo, environment_python, is_older, set_up_info
from .paths import engine_folder, engine_python, has_engine


def engine_trouble(context: bpy.types.Context) -> str:
    """Return why the engine should be set up: it is missing, or older than the add-on; "" if it is ready."""
    if not has_engine(context):
        return "the engine is not set up"
    set_up_is_used = engine_python(context) == environment_python(engine_folder())
    return version_warning(set_up_info(engine_folder())) if set_up_is_used else ""


def version_warning(info: EngineInfo | None) -> str:
    """Return a warning if the engine is older than the add-on; "" otherwise."""
    if info is None or not is_older(info.tar_core, __version__):
        return ""
    return f"the engine has version {info.tar_core}, the add-on {__version__}; update the engine"
