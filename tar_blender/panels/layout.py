"""How settings are laid out, for the sidebar and for dialogs."""

import bpy

from ..properties.settings import LensSettings, SceneSettings


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
    layout.prop(settings, "figure")
    layout.prop(settings, "smoothing")
    layout.prop(settings, "foot_locking")
    layout.prop(settings, "lean_correction")
    layout.prop(settings, "timing")
    layout.prop(settings, "start_frame")
    column = layout.column(heading="Scene")
    column.prop(settings, "on_ground")
    column.prop(settings, "match_resolution")
    column.prop(settings, "show_video")
