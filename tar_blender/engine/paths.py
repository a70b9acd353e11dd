"""The paths that the preferences define: the engine's Python, the network, the body file and the add-on's folders."""

import functools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

import tar_core
from tar_core.engine.bundled import wheels_for
from tar_core.engine.client import ENGINE_COMMAND
from tar_core.engine.python import ISOLATED
from tar_core.errors import TarError

from ..util.blender_types import preferences_of
from .environment import environment_python, set_up_info, update_reason

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


@dataclass(frozen=True)
class EngineProgram:
    """The program that runs the engine: a Python and its arguments."""

    python: Path
    arguments: tuple[str, ...] = ENGINE_COMMAND


def engine_program(context: bpy.types.Context) -> EngineProgram:
    """Choose the program that runs the engine.

    The first of these: the Python of TAR_ENGINE_PYTHON or of the preferences, the environment of Set Up Engine, and
    Blender's Python with the packages in the extension. The packages come before an environment that does not work any
    more, or that should be updated and uses no graphics card.

    Raises:
        TarError: there is none, or the chosen Python does not exist or is not an absolute path.
    """
    bundled = bundled_program()
    if chosen := own_python(context):
        return EngineProgram(_checked_python(chosen))
    info, set_up = set_up_info(engine_folder()), environment_python(engine_folder())
    replaced = bundled and info and (not _is_program(set_up) or (info.device == "cpu" and update_reason(info)))
    if info is not None and not replaced:
        return EngineProgram(_checked_python(str(set_up)))
    if bundled is not None:
        return bundled
    raise TarError(
        f"{bundled_trouble()}; press Set Up Engine in the add-on's preferences, or run `pip install "
        f"{bundled_tar_core()}` in your own Python and select it there or in {PYTHON_VARIABLE}"
    )


def own_python(context: bpy.types.Context) -> str:
    """Return the Python that the user chose for the engine; "" if there is none."""
    preferences = addon_preferences(context)
    return os.environ.get(PYTHON_VARIABLE) or (preferences.engine_python if preferences else "")


def bundled_program() -> EngineProgram | None:
    """Return Blender's Python with the packages in the extension; None if they do not fit."""
    if bundled_trouble():
        return None
    launch = Path(tar_core.__file__).parent / "engine" / "launch.py"
    arguments = (*ISOLATED, str(launch), str(bundled_wheels()), str(packages_folder()))
    return EngineProgram(Path(sys.executable), arguments)


@functools.cache
def bundled_trouble() -> str:
    """Return why the packages in the extension cannot be used; "" if they can."""
    if not ("python" in Path(sys.executable).name.lower() and _is_program(Path(sys.executable))):
        return "this Blender has no Python program"
    try:
        wheels_for(sys.version_info[:2], bundled_wheels())
    except TarError as error:
        return str(error)
    return ""


def bundled_wheels() -> Path:
    """Return the folder of the wheels of the engine in the extension. It may not exist."""
    return _ROOT / "wheels" / "engine"


def _checked_python(chosen: str) -> Path:
    """Return the path of a chosen Python.

    Raises:
        TarError: it does not exist or is not an absolute path.
    """
    python = Path(chosen).expanduser()
    if chosen.startswith("//") or not python.is_absolute():  # another Python for each .blend file or current folder
        raise TarError(f"{chosen}: not an absolute path; enter the whole path of your Python in the preferences")
    if not _is_program(python):
        raise TarError(f"{chosen}: no such Python; choose another one in the add-on's preferences")
    return python


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def has_engine(context: bpy.types.Context) -> bool:
    """Check whether there is a Python that runs the engine."""
    try:
        return bool(engine_program(context))
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
    checkpoint = _absolute(preferences.checkpoint) if preferences.checkpoint else None
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
    path = _absolute(preferences.body_file)
    if not Path(path).is_file():
        raise TarError(
            f"{path}: no such SMPL body file; choose another one in the add-on's preferences, or clear the field"
        )
    return path


def engine_folder() -> Path:
    """Return the folder of the environment that Set Up Engine creates."""
    return _own_folder("engine")


def packages_folder() -> Path:
    """Return the folder in which the engine unpacks the packages in the extension."""
    return _own_folder("packages")


def cache_folder(context: bpy.types.Context) -> Path:
    """Return the folder in which captured motion is stored."""
    preferences = addon_preferences(context)
    chosen = preferences.cache_folder if preferences else ""
    return Path(_absolute(chosen)) if chosen else _own_folder("cache")


def bone_map_folder() -> Path:
    """Return the folder in which the user's bone maps are saved."""
    return _own_folder("bone_maps")


def _absolute(path: str) -> str:
    """Make a path of the preferences absolute, since the engine runs in another folder."""
    return os.path.abspath(bpy.path.abspath(path))


def _own_folder(name: str) -> Path:
    """Return a folder in the extension's user folder, or in Blender's data folder if the add-on is not an extension."""
    try:
        return Path(bpy.utils.extension_path_user(ADDON, path=name))
    except ValueError:
        return Path(bpy.utils.user_resource("DATAFILES", path=f"tar_{name}"))


def bundled_tar_core() -> str:
    """Return what pip installs: the wheel in the extension, or the repository in a checkout."""
    return str(next(_ROOT.glob("wheels/tar_core-*.whl"), _ROOT))
