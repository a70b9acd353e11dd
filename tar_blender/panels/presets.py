"""Presets of the settings, in Blender's preset menu. The presets of the add-on are in tar_blender/presets."""

from pathlib import Path

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from tar_core.options import CaptureOptions

from ..properties.generated import preset_names
from ..scene.options import ImportOptions
from ..util.registration import registration

FOLDER = "tar_motion_capture"
SETTINGS = "bpy.context.scene.tar_settings"

# All settings except those for a single video: its file, frames, box and start frame.
PRESET_SETTINGS = (
    *("people", "people_count", "body", "gender"),
    *("camera_mode", "focal_mode", "lens", "sensor", "fov", "focal_length"),
    *preset_names(CaptureOptions),
    *preset_names(ImportOptions),
)


class TAR_OT_add_preset(AddPresetBase, bpy.types.Operator):  # type: ignore[misc]
    """Save the settings as a preset, or remove the selected preset"""

    bl_idname = "tar.add_preset"
    bl_label = "Add Video Motion Preset"
    preset_menu = "TAR_PT_presets"
    preset_subdir = FOLDER
    # Full paths: with Python 3.13, Blender 4.3 does not see names defined by preset_defines.
    preset_values = [f"{SETTINGS}.{name}" for name in PRESET_SETTINGS]


class TAR_PT_presets(PresetPanel, bpy.types.Panel):
    bl_label = "Video Motion Presets"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = TAR_OT_add_preset.bl_idname


_register, _unregister = registration((TAR_OT_add_preset, TAR_PT_presets))


def register() -> None:
    bpy.utils.register_preset_path(str(Path(__file__).parent.parent))
    _register()


def unregister() -> None:
    _unregister()
    bpy.utils.unregister_preset_path(str(Path(__file__).parent.parent))
