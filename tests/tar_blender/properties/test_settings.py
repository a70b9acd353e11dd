"""What the sidebar's settings ask of the engine and of the import."""

from collections.abc import Iterator
from dataclasses import replace
from math import radians
from pathlib import Path

import bpy
import pytest

from tar_blender.properties import runtime
from tar_blender.properties import settings as properties
from tar_blender.properties.lens import camera_field_of_view, lens_focal_length
from tar_blender.properties.settings import TARSettings
from tar_blender.scene.frame_rate import set_frame_rate
from tar_blender.scene.options import ImportOptions
from tar_core.engine.protocol import Job
from tar_core.errors import TarError
from tar_core.options import StartBox


@pytest.fixture
def settings(empty_scene: None, tiny_video: Path) -> Iterator[TARSettings]:
    properties.register()
    runtime.register()
    bpy.context.scene.tar_settings.video = str(tiny_video)
    yield bpy.context.scene.tar_settings
    runtime.unregister()
    properties.unregister()


def test_defaults_leave_everything_to_the_engine(settings: TARSettings, tiny_video: Path) -> None:
    assert settings.job(bpy.context.scene, body=None) == Job(str(tiny_video))
    options = settings.import_options()
    assert options == replace(ImportOptions(), smoothing=options.smoothing)
    assert options.smoothing == pytest.approx(0.3), "Blender's numbers are single precision"


def test_choices_reach_the_job(settings: TARSettings) -> None:
    settings.people, settings.people_count = "count", 3
    settings.focal_mode, settings.fov, settings.focal_length = "fov", radians(50), 1234.0
    settings.frames, settings.first_frame, settings.last_frame = "part", 10, 20
    settings.every_frame = True
    job = settings.job(bpy.context.scene, body="/SMPL_MALE.npz").options
    assert job.every_frame
    assert (job.people, job.start, job.end, job.body) == (3, 10, 20, Path("/SMPL_MALE.npz"))
    assert job.focal_length is None and job.fov == pytest.approx(50)
    settings.focal_mode, settings.people = "pixels", "largest"
    job = settings.job(bpy.context.scene, body=None).options
    assert job.focal_length == pytest.approx(1234) and job.fov is None and job.people == "largest"
    settings.focal_mode, settings.lens, settings.sensor = "lens", 18, 36
    assert settings.job(bpy.context.scene, body=None).options.fov == pytest.approx(90)


def test_choices_reach_the_scene_and_come_back(settings: TARSettings) -> None:
    options = ImportOptions(
        start_frame=5,
        smoothing=0.25,
        lean_correction=False,
        foot_locking=0.5,
        on_ground=False,
        figure="armature",
        timing="scene",
        match_resolution=False,
        show_video=False,
    )
    settings.take_options(options)
    assert settings.import_options() == options


def test_motion_file_is_no_video(settings: TARSettings, tmp_path: Path) -> None:
    settings.video = str(tmp_path / "walk.npz")
    Path(settings.video).touch()
    with pytest.raises(TarError, match="use Import Motion File"):
        settings.job(bpy.context.scene, None)


def test_box_reaches_the_job_with_its_frame(settings: TARSettings) -> None:
    settings.take_box(7, (1, 2, 30, 40))
    assert settings.job(bpy.context.scene, None).options.box is None, "the box is not what was chosen"
    settings.people = "box"
    job = settings.job(bpy.context.scene, None).options
    assert (job.box, job.people) == (StartBox(7, (1, 2, 30, 40)), "all")


def test_box_is_of_one_video(settings: TARSettings) -> None:
    settings.people = "box"
    settings.take_box(7, (1, 2, 30, 40))
    settings.video = settings.video
    assert settings.drawn_box() is None
    with pytest.raises(TarError, match="press Draw Box"):
        settings.job(bpy.context.scene, None)
    settings.take_box(7, (30, 2, 1, 40))
    assert settings.drawn_box() is None, "its left edge is right of its right one"


def test_wrong_choices_are_refused(settings: TARSettings) -> None:
    settings.frames, settings.first_frame, settings.last_frame = "part", 20, 10
    with pytest.raises(TarError, match="raise To"):
        settings.job(bpy.context.scene, None)
    settings.frames, settings.focal_mode = "all", "camera"
    with pytest.raises(TarError, match="no camera"):
        settings.job(bpy.context.scene, None)
    settings.video = "/gone.mp4"
    with pytest.raises(TarError, match="no such video"):
        settings.job(bpy.context.scene, None)


@pytest.mark.parametrize(("timing", "expected"), [("video", (2, 5)), ("scene", (1, 2))])
def test_scenes_range_is_what_it_shows_of_the_video(
    settings: TARSettings, timing: str, expected: tuple[int, int]
) -> None:
    """The video has 12 frames a second and 12 frames; at 24 a second each is shown twice."""
    scene = bpy.context.scene
    set_frame_rate(scene, 24)
    scene.frame_start, scene.frame_end = 103, 106
    settings.frames, settings.timing, settings.start_frame = "scene", timing, 101
    job = settings.job(scene, None).options
    assert (job.start, job.end) == expected
    scene.frame_end = 9000
    assert settings.job(scene, None).options.end == 11
    settings.start_frame = 9500
    with pytest.raises(TarError, match="shows no frame of the video"):
        settings.job(scene, None)


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_field_of_view_of_the_active_camera(settings: TARSettings, fit: str, size: tuple[int, int]) -> None:
    """Against the corners that Blender itself gives the camera's view."""
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


def test_chosen_video_is_described(settings: TARSettings, tmp_path: Path) -> None:
    video = bpy.context.window_manager.tar_video
    assert video.facts == "64 × 48, 12 fps, 0:01" and not video.error
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    settings.video = str(text)
    assert "text.mp4: not a video" in video.error and not video.facts
    settings.video = ""
    assert not video.error and not video.facts
    assert not bpy.data.movieclips


def test_video_of_an_opened_file_is_described(settings: TARSettings, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    settings.video = ""
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert bpy.context.window_manager.tar_video.facts == "64 × 48, 12 fps, 0:01"
