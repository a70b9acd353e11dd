"""The paths that the preferences define: the engine's Python, the network, the body file and the add-on's folders."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from tar_core.errors import TarError

from ..util.blender_types import preferences_of
from .environment import environment_python, set_up_info

if TYPE_CHECKING:
    from ..panels.preferences import TARPreferences

# The name of an extension's preferences is that of its root package, one above tar_blender.
_TAR_BLENDER = __package__.rpartition(".")[0]
ADDON = _TAR_BLENDER.rpartition(".")[0] or _TAR_BLENDER

PYTHON_VARIABLE = "TAR_ENGINE_PYTHON"  # environment variable; takes precedence over the preferences

_ROOT = Path(__file__).resolve().parents[2]  # of the extension or the repository


def addon_preferences(context: bpy.types.Context) -> "TARPreferences | None":
    """Return the add-on's preferences; None if it is not enabled, e.g. in scripts that call its functions."""
    addons: Any = preferences_of(context).addons
    addon = addons.get(ADDON)
    return addon.preferences if addon else None


def engine_python(context: bpy.types.Context) -> Path:
    """Return the Python that runs the engine.

    Raises:
        TarError: there is none.
    """
    preferences, folder = addon_preferences(context), engine_folder()
    set_up = environment_python(folder) if set_up_info(folder) is not None else None
    return find_engine_python(preferences.engine_python if preferences else "", set_up)


def find_engine_python(preferred: str = "", set_up: Path | None = None) -> Path:
    """Choose the Python that runs the engine: from TAR_ENGINE_PYTHON, the preferences, or the engine's setup.

    Args:
        preferred: from the preferences; empty if it is not set.
        set_up: the Python of the environment that Set Up Engine creates; None if it does not exist.

    Raises:
        TarError: there is none, or the chosen one does not exist or is not an absolute path.
    """
    chosen = os.environ.get(PYTHON_VARIABLE) or preferred or (str(set_up) if set_up else "")
    if not chosen:
        raise TarError(
            "the engine is not set up; press Set Up Engine in the add-on's preferences, or run `pip install "
            f"{bundled_tar_core()}` in your own Python and select it there or in {PYTHON_VARIABLE}"
        )
    python = Path(chosen).expanduser()
    if chosen.startswith("//") or not python.is_absolute():  # another Python for each .blend file or current folder
        raise TarError(f"{chosen}: not an absolute path; enter the whole path of your Python in the preferences")
    if not (python.is_file() and os.access(python, os.X_OK)):
        raise TarError(f"{chosen}: no such Python; choose another one in the add-on's preferences")
    return python


def has_engine(context: bpy.types.Context) -> bool:
    """Check whether there is a Python that runs the engine."""
    try:
        return bool(engine_python(context))
    except TarError:
        return False


def engine_choices(context: bpy.types.Context) -> dict[str, Any]:
    """Return the options of every job that the preferences define: device, checkpoint and threads.

    Raises:
        TarError: the checkpoint does not exist.
    """
    preferences = addon_preferences(context)
    if preferences is None:
        return {}
    checkpoint = bpy.path.abspath(preferences.checkpoint) or None
    if checkpoint is not None and not Path(checkpoint).is_file():
        raise TarError(
            f"{checkpoint}: no such network file; choose another one in the add-on's preferences, or clear the field"
        )
    return {"device": preferences.device, "checkpoint": checkpoint, "threads": preferences.threads or None}


def body_file(context: bpy.types.Context) -> str | None:
    """Return the path of the user's own SMPL file for new captures; None for the free body.

    Raises:
        TarError: the file does not exist.
    """
    preferences = addon_preferences(context)
    if preferences is None or not preferences.body_file:
        return None
    path = bpy.path.abspath(preferences.body_file)
    if not Path(path).is_file():
        raise TarError(
            f"{path}: no such SMPL body file; choose another one in the add-on's preferences, or clear the field"
        )
    return path


def engine_folder() -> Path:
    """Return the folder of the environment that Set Up Engine creates."""
    return _own_folder("engine")


def cache_folder(context: bpy.types.Context) -> Path:
    """Return the folder in which captured motion is stored."""
    preferences = addon_preferences(context)
    chosen = preferences.cache_folder if preferences else ""
    return Path(bpy.path.abspath(chosen)) if chosen else _own_folder("cache")


def bone_map_folder() -> Path:
    """Return the folder in which the user's bone maps are saved."""
    return _own_folder("bone_maps")


def _own_folder(name: str) -> Path:
    """Return a folder in the extension's user folder, or in Blender's data folder if the add-on is not an extension."""
    try:
        return Path(bpy.utils.extension_path_user(ADDON, path=name))
    except ValueError:
        return Path(bpy.utils.user_resource("DATAFILES", path=f"tar_{name}"))


def bundled_tar_core() -> str:
    """Return what pip installs: the wheel in the extension, or the repository in a checkout."""
    return str(next(_ROOT.glob("wheels/tar_core-*.whl"), _ROOT))


def engine_wheels() -> Path | None:
    """Return the folder with all wheels that the engine needs; None if the extension was built without them."""
    folder = _ROOT / "engine_wheels"
    return folder if folder.is_dir() else None
