"""The add-on's preferences: which Python runs the engine, which body the motion is for."""

import os
from pathlib import Path

import bpy
from bpy.props import StringProperty

from tar_core.errors import TarError

from .engine_client import PYTHON_VARIABLE, find_engine_python

# Blender knows an extension's preferences by the name of its root package, one above this one.
ADDON = __package__.rpartition(".")[0] or __package__


class TARPreferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    engine_python: StringProperty(
        name="Engine Python",
        description="The Python (3.11 to 3.13) in which tar_core is installed; it runs the network outside Blender",
        subtype="FILE_PATH",
    )
    body_file: StringProperty(
        name="SMPL Body",
        description="Your own SMPL file (.npz or .pkl) for new captures; empty: the free body",
        subtype="FILE_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "engine_python")
        if os.environ.get(PYTHON_VARIABLE):
            layout.label(text=f"{PYTHON_VARIABLE} is set and comes first", icon="INFO")
        layout.prop(self, "body_file")


def engine_python(context: bpy.types.Context) -> Path:
    """The Python that runs the engine.

    Raises:
        TarError: none is named.
    """
    preferences = _preferences(context)
    return find_engine_python(bpy.path.abspath(preferences.engine_python) if preferences else "")


def body_file(context: bpy.types.Context) -> str | None:
    """The user's own SMPL file for new captures; None is the free body.

    Raises:
        TarError: the preferences name a file that is not there.
    """
    preferences = _preferences(context)
    if preferences is None or not preferences.body_file:
        return None
    path = bpy.path.abspath(preferences.body_file)
    if not Path(path).is_file():
        raise TarError(f"{path}: no such SMPL body file; choose another in the add-on's preferences or none")
    return path


def _preferences(context: bpy.types.Context) -> TARPreferences | None:
    """None where the add-on is not installed as one, e.g. in scripts that use its functions."""
    addon = context.preferences.addons.get(ADDON)
    return addon.preferences if addon else None


def register() -> None:
    bpy.utils.register_class(TARPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(TARPreferences)
