"""The settings of the sidebar as a job for the engine and as import options."""

from collections.abc import Iterator
from dataclasses import replace
from math import radians
from pathlib import Path

import bpy
import pytest

from tar_blender.properties import runtime
from tar_blender.properties import settings as properties
from tar_blender.properties.settings import TARSettings
from tar_blender.scene.frame_rate import set_frame_rate
from tar_blender.scene.options import ImportOptions
from tar_blender.util.video_info import read_video_info
from tar_core.engine.protocol import Job
from tar_core.errors import TarError
from tar_core.options import StartBox
from tests.support.videos import ffmpeg, image_number, write_images


@pytest.fixture
def settings(empty_scene: None, tiny_video: Path) -> Iterator[TARSettings]:
    properties.register()
    runtime.register()
    bpy.context.scene.tar_settings.video = str(tiny_video)
    yield bpy.context.scene.tar_settings
    runtime.unregister()
    properties.unregister()


def test_default_settings_are_the_default_options(settings: TARSettings, tiny_video: Path) -> None:
    assert settings.job(bpy.context.scene, body=None) == Job(str(tiny_video))
    options = settings.import_options()
    assert options == replace(ImportOptions(), smoothing=options.smoothing)
    assert options.smoothing == pytest.approx(0.3), "Blender has single precision"


def test_job_has_the_settings(settings: TARSettings) -> None:
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


def test_import_options_can_be_taken_and_read(settings: TARSettings) -> None:
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


def test_motion_file_is_not_a_video(settings: TARSettings, tmp_path: Path) -> None:
    settings.video = str(tmp_path / "walk.npz")
    Path(settings.video).touch()
    with pytest.raises(TarError, match="use Import Motion File"):
        settings.job(bpy.context.scene, None)


def test_job_has_the_box_if_people_is_set_to_box(settings: TARSettings) -> None:
    settings.take_box(7, (1, 2, 30, 40))
    assert settings.job(bpy.context.scene, None).options.box is None
    settings.people = "box"
    job = settings.job(bpy.context.scene, None).options
    assert (job.box, job.people) == (StartBox(7, (1, 2, 30, 40)), "all")


def test_another_video_or_an_empty_box_needs_a_new_box(settings: TARSettings) -> None:
    settings.people = "box"
    settings.take_box(7, (1, 2, 30, 40))
    settings.video = settings.video
    assert settings.drawn_box() is None
    with pytest.raises(TarError, match="press Draw Box"):
        settings.job(bpy.context.scene, None)
    settings.take_box(7, (30, 2, 1, 40))
    assert settings.drawn_box() is None, "the left edge is right of the right edge"


def test_invalid_settings_are_errors(settings: TARSettings) -> None:
    settings.frames, settings.first_frame, settings.last_frame = "part", 20, 10
    with pytest.raises(TarError, match="set To to at least From"):
        settings.job(bpy.context.scene, None)
    settings.frames, settings.focal_mode = "all", "camera"
    with pytest.raises(TarError, match="no active camera"):
        settings.job(bpy.context.scene, None)
    settings.video = "/gone.mp4"
    with pytest.raises(TarError, match="no such video"):
        settings.job(bpy.context.scene, None)


@pytest.mark.parametrize(("timing", "expected"), [("video", (2, 5)), ("scene", (1, 2))])
def test_scene_range_selects_the_frames_that_the_scene_shows(
    settings: TARSettings, timing: str, expected: tuple[int, int]
) -> None:
    """The video has 12 frames at 12 fps. A scene with 24 fps shows each of them twice."""
    scene = bpy.context.scene
    set_frame_rate(scene, 24)
    scene.frame_start, scene.frame_end = 103, 106
    settings.frames, settings.timing, settings.start_frame = "scene", timing, 101
    job = settings.job(scene, None).options
    assert (job.start, job.end) == expected
    scene.frame_end = 9000
    assert settings.job(scene, None).options.end == 11
    settings.start_frame = 9500
    with pytest.raises(TarError, match="contains no frame of the video"):
        settings.job(scene, None)


@pytest.mark.parametrize("name", ["variable.mp4", "variable.mkv"])
def test_frames_of_a_video_with_a_variable_rate_are_those_that_blender_shows(
    settings: TARSettings, tmp_path: Path, name: str
) -> None:
    """Blender counts by the highest rate of the file, the engine by the usual one."""
    pytest.importorskip("av", reason="reads the video as the engine does")
    from tar_core.capture.frames import in_video_frames
    from tar_core.video.reader import VideoReader

    source = write_images(tmp_path / "source.mp4", 60, fps=60.0)
    slow = "select='lt(n,4)+not(mod(n,2))'"  # 60 pictures per second, then 30
    path = ffmpeg("-i", source, "-vf", slow, "-fps_mode", "vfr", "-c:v", "libx264", "-qp", "0", tmp_path / name)
    reader, info = VideoReader(path), read_video_info(path)
    assert round(info.blender_fps / reader.fps, 2) == 2, "the rates must differ for this test"

    settings.video, settings.frames = str(path), "part"
    settings.first_frame, settings.last_frame = round(20 * info.fps / reader.fps), round(25 * info.fps / reader.fps)
    options = in_video_frames(settings.job(bpy.context.scene, body=None).options, reader.fps)
    shown = [image_number(frame.image) for frame in reader.frames(options.start, options.end)]
    assert (shown[0], shown[-1]) == (40, 50)
