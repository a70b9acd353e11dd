"""Layout of settings: the options that come from dataclasses, and the camera."""

import bpy

from tar_core.option_fields import options_of, value_type
from tar_core.options import CaptureOptions

from ..properties.lens import LensSettings
from ..properties.settings import SceneSettings, TARSettings
from ..scene.options import ImportOptions


def draw_lens(layout: bpy.types.UILayout, settings: LensSettings) -> None:
    """Draw the settings of the camera and its focal length."""
    layout.prop(settings, "camera_mode")
    if settings.camera_mode == "animated":
        return
    layout.prop(settings, "focal_mode")
    shown = {"lens": ("lens", "sensor"), "fov": ("fov",), "pixels": ("focal_length",)}.get(settings.focal_mode, ())
    if shown:  # an empty column would leave a gap
        column = layout.column(align=True)
        for name in shown:
            column.prop(settings, name)


def draw_capture_options(layout: bpy.types.UILayout, settings: TARSettings) -> None:
    """Draw the options of a capture that Blender shows as they are."""
    for name, about in options_of(CaptureOptions).items():
        is_implied = name == "static_camera" and settings.camera_mode == "animated"
        if about.blender and not is_implied:
            layout.prop(settings, name)


def draw_scene_settings(layout: bpy.types.UILayout, settings: SceneSettings) -> None:
    """Draw all options of an import: first the values, then the checkboxes."""
    shown = [name for name, about in options_of(ImportOptions).items() if about.blender]
    checkboxes = [name for name in shown if value_type(ImportOptions, name) is bool]
    for name in shown:
        if name not in checkboxes:
            layout.prop(settings, name)
    column = layout.column(heading="Options")
    for name in checkboxes:
        column.prop(settings, name)
