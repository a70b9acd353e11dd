"""Whether the engine is ready to use."""

import bpy

from tar_core import __version__

from .paths import engine_folder, engine_python, has_engine
from .setup import EngineInfo, environment_python, is_older, set_up_info


def engine_trouble(context: bpy.types.Context) -> str:
    """What the sidebar says of an engine that is missing, or was set up for an older add-on; "" where all is well."""
    if not has_engine(context):
        return "the engine is not set up"
    set_up_is_used = engine_python(context) == environment_python(engine_folder())
    return version_warning(set_up_info(engine_folder())) if set_up_is_used else ""


def version_warning(info: EngineInfo | None) -> str:
    """What is to say of an engine that is older than the add-on; "" where it is not."""
    if info is None or not is_older(info.tar_core, __version__):
        return ""
    return f"the engine is of version {info.tar_core}, the add-on of {__version__}; update it"
