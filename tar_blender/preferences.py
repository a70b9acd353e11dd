"""The add-on's preferences: which Python runs the engine, which body the motion is for."""

import os
from pathlib import Path

import bpy
from bpy.props import StringProperty

from tar_core.errors import TarError

from .cache import cache_size, clear_cache, default_cache_folder
from .engine_client import PYTHON_VARIABLE, find_engine_python

# Blender knows an extension's preferences by the name of its root package, one above this one.
ADDON = __package__.rpartition(".")[0] or __package__


class TAR_OT_clear_cache(bpy.types.Operator):
    """Delete the captured motion that is kept; imported people stay, but cannot be re-imported with other settings"""

    bl_idname = "tar.clear_cache"
    bl_label = "Clear"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if cache_size(cache_folder(context))[0] == 0:
            cls.poll_message_set("The cache is empty")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            clear_cache(cache_folder(context))
        except TarError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


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
    cache_folder: StringProperty(
        name="Cache",
        description="Where captured motion is kept for importing it again; empty: in the add-on's own folder",
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "engine_python")
        if os.environ.get(PYTHON_VARIABLE):
            layout.label(text=f"{PYTHON_VARIABLE} is set and comes first", icon="INFO")
        layout.prop(self, "body_file")
        layout.prop(self, "cache_folder")
        self._draw_cache(context, layout)

    def _draw_cache(self, context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        count, size = cache_size(cache_folder(context))
        row = layout.row()
        row.label(text=f"{count} captured motions, {size / 1e6:.1f} MB")
        row.operator(TAR_OT_clear_cache.bl_idname, icon="TRASH")


def engine_python(context: bpy.types.Context) -> Path:
    """The Python that runs the engine.

    Raises:
        TarError: none is named.
    """
    preferences = addon_preferences(context)
    return find_engine_python(bpy.path.abspath(preferences.engine_python) if preferences else "")


def cache_folder(context: bpy.types.Context) -> Path:
    """Where captured motion is kept."""
    preferences = addon_preferences(context)
    chosen = preferences.cache_folder if preferences else ""
    return Path(bpy.path.abspath(chosen)) if chosen else default_cache_folder(ADDON)


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


def addon_preferences(context: bpy.types.Context) -> TARPreferences | None:
    """None where the add-on is not installed as one, e.g. in scripts that use its functions."""
    addon = context.preferences.addons.get(ADDON)
    return addon.preferences if addon else None


_CLASSES = (TAR_OT_clear_cache, TARPreferences)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
