"""Settings that are drawn in the sidebar and in the Re-import dialog."""

import bpy
import pytest

from tar_blender.panels.layout import draw_capture_options, draw_lens, draw_scene_settings
from tar_blender.scene.options import ImportOptions
from tar_core.option_fields import options_of
from tar_core.options import CaptureOptions
from tests.support.layout import RecordingLayout

pytestmark = pytest.mark.usefixtures("addon")


def test_every_import_option_is_drawn_once() -> None:
    layout = RecordingLayout()
    draw_scene_settings(layout, bpy.context.scene.tar_settings)
    shown = [name for name, about in options_of(ImportOptions).items() if about.blender]
    assert sorted(layout.properties) == sorted(shown)
    assert layout.properties[-1] == "show_video", "checkboxes are below the values"


def test_every_capture_option_is_drawn() -> None:
    settings = bpy.context.scene.tar_settings
    shown = [name for name, about in options_of(CaptureOptions).items() if about.blender]
    layout = RecordingLayout()
    draw_capture_options(layout, settings)
    assert layout.properties == shown
    settings.camera_mode = "animated"
    layout = RecordingLayout()
    draw_capture_options(layout, settings)
    assert layout.properties == [name for name in shown if name != "static_camera"], "its motion is given"


@pytest.mark.parametrize(
    ("mode", "shown"),
    [("auto", []), ("lens", ["lens", "sensor"]), ("fov", ["fov"]), ("camera", []), ("pixels", ["focal_length"])],
)
def test_only_the_values_of_the_focal_length_mode_are_drawn(mode: str, shown: list[str]) -> None:
    settings = bpy.context.scene.tar_settings
    settings.focal_mode = mode
    layout = RecordingLayout()
    draw_lens(layout, settings)
    assert layout.properties == ["camera_mode", "focal_mode", *shown]
    settings.camera_mode = "animated"
    layout = RecordingLayout()
    draw_lens(layout, settings)
    assert layout.properties == ["camera_mode"]
