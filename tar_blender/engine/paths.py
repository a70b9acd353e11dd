"""Where the user's choices lead: engine, network, body file and cache; and the folders that are ours."""

import os
from pathlib import Path

import bpy

from tar_core.errors import TarError

from .setup import environment_python, set_up_info

# Blender knows an extension's preferences by the name of its root package, one above tar_blender.
_TAR_BLENDER = __package__.rpartition(".")[0]
ADDON = _TAR_BLENDER.rpartition(".")[0] or _TAR_BLENDER


def engine_python(context: bpy.types.Context) -> Path:
    """The Python that runs the engine.

    Raises:
        TarError: there is none.
    """
    preferences, folder = addon_preferences(context), engine_folder()
    set_up = environment_python(folder) if set_up_info(folder) is not None else None
    return find_engine_python(bpy.path.abspath(preferences.engine_python) if preferences else "", set_up)


def has_engine(context: bpy.types.Context) -> bool:
    """Whether a Python for the engine is there."""
    try:
        return bool(engine_python(context))
    except TarError:
        return False


def engine_folder() -> Path:
    """Of the environment that Set Up Engine makes."""
    return _own_folder("engine")


def cache_folder(context: bpy.types.Context) -> Path:
    """Where captured motion is kept."""
    preferences = addon_preferences(context)
    chosen = preferences.cache_folder if preferences else ""
    return Path(bpy.path.abspath(chosen)) if chosen else _own_folder("cache")


def bone_map_folder() -> Path:
    """Where the user's bone maps for retargeting are kept."""
    return _own_folder("bone_maps")


def engine_choices(context: bpy.types.Context) -> dict[str, str | int | None]:
    """What the preferences say of every job: the device, the network and the threads, as CaptureJob names them.

    Raises:
        TarError: they name a network that is not there.
    """
    preferences = addon_preferences(context)
    if preferences is None:
        return {}
    checkpoint = bpy.path.abspath(preferences.checkpoint) or None
    if checkpoint is not None and not Path(checkpoint).is_file():
        raise TarError(f"{checkpoint}: no such network; choose another in the add-on's preferences or none")
    return {"device": preferences.device, "checkpoint": checkpoint, "threads": preferences.threads or None}


def body_file(context: bpy.types.Context) -> str | None:
    """The user's own SMPL file for new captures; None is the free body.

    Raises:
        TarError: the preferences name a file that is not there.
    """
    preferences = addon_preferences(context)
    if preferences is None or not preferences.body_file:
        return None
    path = bpy.path.abspath(preferences.body_file)
    if not Path(path).is_file():
        raise TarError(f"{path}: no such SMPL body file; choose another in the add-on's preferences or none")
    return path


def addon_preferences(context: bpy.types.Context) -> bpy.types.AddonPreferences | None:
    """None where the add-on is not installed as one, e.g. in scripts that use its functions."""
    addon = context.preferences.addons.get(ADDON)
    return addon.preferences if addon else None


def _own_folder(name: str) -> Path:
    """In the extension's own user folder, or in Blender's for data files where the add-on is no extension."""
    try:
        return Path(bpy.utils.extension_path_user(ADDON, path=name))
    except ValueError:
        return Path(bpy.utils.user_resource("DATAFILES", path=f"tar_{name}"))


PYTHON_VARIABLE = "TAR_ENGINE_PYTHON"


def find_engine_python(preferred: str = "", set_up: Path | None = None) -> Path:
    """The Python that runs the engine: the environment variable TAR_ENGINE_PYTHON, the user's, or the set up one.

    Raises:
        TarError: there is none, or the one that is named is not there.
    """
    chosen = os.environ.get(PYTHON_VARIABLE) or preferred or (str(set_up) if set_up else "")
    if not chosen:
        raise TarError(
            "the engine is not set up: press Set Up Engine in the add-on's preferences, or name a Python there or in "
            f"{PYTHON_VARIABLE} in which `pip install {bundled_tar_core()}` was run"
        )
    python = Path(chosen).expanduser()
    if not (python.is_file() and os.access(python, os.X_OK)):
        raise TarError(f"{chosen}: no such Python for the engine; name one in the add-on's preferences")
    return python


def bundled_tar_core() -> str:
    """What pip is to install: the wheel that the extension carries, or in a checkout the repository."""
    root = Path(__file__).resolve().parents[2]
    return str(next(root.glob("wheels/tar_core-*.whl"), root))


def engine_wheels() -> Path | None:
    """The folder of every wheel that the engine needs, in an extension that was built for machines without network."""
    folder = Path(__file__).resolve().parents[2] / "engine_wheels"
    return folder if folder.is_dir() else None
