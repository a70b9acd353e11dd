"""What the sidebar's settings ask of the engine."""

from collections.abc import Iterator
from math import radians

import bpy
import pytest

from tar_blender import properties
from tar_blender.properties import TARSettings


@pytest.fixture
def settings(empty_scene: None) -> Iterator[TARSettings]:
    properties.register()
    bpy.context.scene.tar_settings.video = "/videos/walk.mp4"
    yield bpy.context.scene.tar_settings
    properties.unregister()


def test_defaults_leave_everything_to_the_engine(settings: TARSettings) -> None:
    job = settings.job(body=None)
    assert (job.video, job.people, job.start, job.end) == ("/videos/walk.mp4", "all", 0, None)
    assert job.focal is job.fov is job.body is job.box is None


def test_choices_reach_the_job(settings: TARSettings) -> None:
    settings.people, settings.people_count = "count", 3
    settings.focal_mode, settings.fov, settings.focal = "fov", radians(50), 1234.0
    settings.use_range, settings.first_frame, settings.last_frame = True, 10, 20
    job = settings.job(body="/SMPL_MALE.npz")
    assert (job.people, job.start, job.end, job.body) == (3, 10, 20, "/SMPL_MALE.npz")
    assert job.focal is None and job.fov == pytest.approx(50)
    settings.focal_mode, settings.people = "pixels", "largest"
    job = settings.job(body=None)
    assert job.focal == pytest.approx(1234) and job.fov is None and job.people == "largest"
