"""Settings of the camera's lens."""

from collections.abc import Iterator
from math import radians
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.properties import runtime
from tar_blender.properties import settings as properties
from tar_blender.properties.lens import camera_field_of_view, lens_focal_length
from tar_blender.properties.settings import TARSettings
from tar_core.errors import TarError
from tests.support.animated_camera import START, animated_camera


@pytest.fixture
def settings(empty_scene: None) -> Iterator[TARSettings]:
    properties.register()
    runtime.register()
    yield bpy.context.scene.tar_settings
    runtime.unregister()
    properties.unregister()


@pytest.mark.parametrize(
    ("values", "pixels"),
    [
        ({"focal_mode": "auto"}, None),
        ({"focal_mode": "pixels", "focal_length": 1234.0}, 1234.0),
        ({"focal_mode": "fov", "fov": radians(90)}, 960.0),
        ({"focal_mode": "lens", "lens": 18, "sensor": 36}, 960.0),
    ],
)
def test_focal_length_in_pixels_of_each_mode(settings: TARSettings, values: dict[str, object], pixels: float) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
    expected = None if pixels is None else pytest.approx(pixels)
    assert lens_focal_length(settings, bpy.context.scene, 1080, 1920) == expected


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_field_of_view_agrees_with_the_corners_of_blenders_camera_view(
    settings: TARSettings, fit: str, size: tuple[int, int]
) -> None:
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    bpy.ops.object.camera_add()
    scene.camera = bpy.context.object
    scene.camera.data.lens, scene.camera.data.sensor_fit, scene.camera.data.sensor_height = 31, fit, 20
    corners = scene.camera.data.view_frame(scene=scene)
    side = max(abs(corners[0].x - corners[2].x), abs(corners[0].y - corners[2].y))
    focal_length = max(size) * -corners[0].z / side
    settings.focal_mode = "camera"
    assert lens_focal_length(settings, scene, *size) == pytest.approx(focal_length, rel=1e-5)
    scene.camera.data.type = "ORTHO"
    with pytest.raises(TarError, match="perspective"):
        camera_field_of_view(scene)


def test_animated_camera_needs_a_scene_camera(settings: TARSettings) -> None:
    assert settings.scene_camera(bpy.context.scene) is None
    settings.camera_mode = "animated"
    with pytest.raises(TarError, match="no active camera"):
        settings.scene_camera(bpy.context.scene)
    bpy.ops.object.camera_add()
    bpy.context.scene.camera = bpy.context.object
    assert settings.scene_camera(bpy.context.scene) == bpy.context.object.name


def test_job_has_the_lens_of_the_animated_camera(settings: TARSettings, tiny_video: Path) -> None:
    animated_camera()
    settings.video, settings.camera_mode, settings.focal_mode, settings.focal_length = (
        str(tiny_video),
        "animated",
        "pixels",
        9.0,
    )
    bpy.context.scene.frame_set(START)
    job = settings.job(bpy.context.scene, None).options
    assert job.focal_length is None and job.static_camera
    assert job.fov == pytest.approx(2 * np.degrees(np.arctan(18 / 38)), abs=1e-3)
    assert settings.import_options(camera=settings.scene_camera(bpy.context.scene)).camera == "Mine"
    settings.camera_mode = "video"
    assert settings.scene_camera(bpy.context.scene) is None
