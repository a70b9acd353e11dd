"""Layout of settings that the sidebar and the Re-import dialog share."""

import bpy

from tar_core.option_fields import options_of, value_type

from ..properties.lens import LensSettings
from ..properties.settings import SceneSettings
from ..scene.options import ImportOptions


def draw_lens(layout: bpy.types.UILayout, settings: LensSettings) -> None:
    layout.prop(settings, "camera_mode")
    if settings.camera_mode == "animated":
        return
    layout.prop(settings, "focal_mode")
    shown = {"lens": ("lens", "sensor"), "fov": ("fov",), "pixels": ("focal_length",)}.get(settings.focal_mode, ())
    if shown:  # an empty column would leave a gap
        column = layout.column(align=True)
        for name in shown:
            column.prop(settings, name)


def draw_scene_settings(layout: bpy.types.UILayout, settings: SceneSettings) -> None:
    """All options of an import: values one below the other, then the ticks."""
    shown = [name for name, about in options_of(ImportOptions).items() if about.blender]
    ticks = [name for name in shown if value_type(ImportOptions, name) is bool]
    for name in shown:
        if name not in ticks:
            layout.prop(settings, name)
    column = layout.column(heading="Options")
    for name in ticks:
        column.prop(settings, name)
