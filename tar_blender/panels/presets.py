"""Presets of the sidebar's settings, by Blender's own preset menu; presets/ holds those that come with the add-on."""

from pathlib import Path
from typing import ClassVar

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

FOLDER = "tar_motion_capture"
SETTINGS = "bpy.context.scene.tar_settings"

# All but what belongs to one video: which it is, its frames, its place in the scene.
PRESET_SETTINGS = (
    *("people", "people_count", "every_frame", "body", "gender"),
    *("camera_mode", "focal_mode", "lens", "sensor", "fov", "focal_length", "static_camera"),
    *(
        "figure",
        "smoothing",
        "lean_correction",
        "foot_locking",
        "timing",
        "on_ground",
        "match_resolution",
        "show_video",
    ),
)


class TAR_OT_add_preset(AddPresetBase, bpy.types.Operator):
    """Keep these settings as a preset, or remove the chosen one"""

    bl_idname = "tar.add_preset"
    bl_label = "Add Video Motion Preset"
    preset_menu = "TAR_PT_presets"
    preset_subdir = FOLDER
    # Written out whole: with Python 3.13, Blender 4.3 does not see names that preset_defines would define.
    preset_values: ClassVar = [f"{SETTINGS}.{name}" for name in PRESET_SETTINGS]


class TAR_PT_presets(PresetPanel, bpy.types.Panel):
    bl_label = "Video Motion Presets"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = TAR_OT_add_preset.bl_idname


_CLASSES = (TAR_OT_add_preset, TAR_PT_presets)


def register() -> None:
    bpy.utils.register_preset_path(str(Path(__file__).parent.parent))
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    bpy.utils.unregister_preset_path(str(Path(__file__).parent.parent))
