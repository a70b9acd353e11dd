"""Import Video Motion and Find People."""

from pathlib import Path

import bpy
import pytest

from tar_blender.engine.paths import ADDON
from tar_blender.engine.request import ImportRequest
from tar_blender.panels.sidebar import TAR_PT_capture
from tar_blender.properties.people_picker import ALL_SHOTS
from tests.support.layout import DrawnPanel

pytestmark = pytest.mark.usefixtures("addon")


def test_import_video_motion(engine_python: Path, tiny_video: Path) -> None:
    bpy.context.scene.tar_settings.video = str(tiny_video)
    assert bpy.ops.tar.import_video_motion() == {"FINISHED"}
    assert {"Person 1", "Person 2"} <= set(bpy.data.objects.keys())
    progress = bpy.context.window_manager.tar_progress
    assert progress.notice.startswith("Imported 2 people")
    assert not progress.error and not progress.running


def test_missing_video_is_an_error(engine_python: Path) -> None:
    bpy.context.scene.tar_settings.video = "/gone.mp4"
    with pytest.raises(RuntimeError, match="no such video"):
        bpy.ops.tar.import_video_motion()


def test_import_needs_a_video_and_may_be_queued() -> None:
    assert not bpy.ops.tar.import_video_motion.poll()
    bpy.context.scene.tar_settings.video = "/a.mp4"
    assert bpy.ops.tar.import_video_motion.poll()
    bpy.context.window_manager.tar_progress.running = True
    assert bpy.ops.tar.import_video_motion.poll()


def test_scan_needs_a_video_and_no_running_import() -> None:
    assert not bpy.ops.tar.find_people.poll()
    bpy.context.scene.tar_settings.video = "/a.mp4"
    assert bpy.ops.tar.find_people.poll()
    bpy.context.window_manager.tar_progress.running = True
    assert not bpy.ops.tar.find_people.poll()


def test_smpl_body_without_a_file_is_an_error(tiny_video: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.body = str(tiny_video), "smpl"
    with pytest.raises(RuntimeError, match="No SMPL file is set"):
        bpy.ops.tar.import_video_motion()


def test_gender_selects_another_smpl_file_in_the_same_folder(tiny_video: Path, tmp_path: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.body, settings.gender = str(tiny_video), "smpl", "female"
    bpy.context.preferences.addons[ADDON].preferences.body_file = str(tmp_path / "SMPL_MALE.npz")
    (tmp_path / "SMPL_MALE.npz").touch()
    with pytest.raises(RuntimeError, match="no SMPL_FEMALE beside"):
        bpy.ops.tar.import_video_motion()
    bpy.context.window_manager.tar_progress.running = True  # queue the import instead of starting it
    (tmp_path / "SMPL_FEMALE.npz").touch()
    bpy.ops.tar.import_video_motion()
    (queued,) = bpy.context.window_manager.tar_progress.queue
    assert ImportRequest.from_json(queued.request).job.options.body == tmp_path / "SMPL_FEMALE.npz"


def test_the_chosen_shot_of_a_scanned_video_is_captured(engine_python: Path, tiny_video: Path) -> None:
    settings, manager = bpy.context.scene.tar_settings, bpy.context.window_manager
    settings.video = str(tiny_video)
    assert "shot" not in DrawnPanel(TAR_PT_capture).layout.properties
    assert bpy.ops.tar.find_people() == {"FINISHED"}
    assert "shot" in DrawnPanel(TAR_PT_capture).layout.properties
    assert manager.tar_detected.shot == ALL_SHOTS
    manager.tar_progress.running = True  # queue the imports instead of starting them
    for shot, people in ((ALL_SHOTS, "all"), ("2", "all"), ("2", "picked"), ("2", "box")):
        manager.tar_detected.shot, settings.people = shot, people
        settings.take_box(0, (1, 1, 20, 30))
        bpy.ops.tar.import_video_motion()
    jobs = [ImportRequest.from_json(queued.request).job for queued in manager.tar_progress.queue]
    assert [job.options.shot for job in jobs] == [None, 2, 2, None], "a box is followed in its own shot"
    settings.frames, settings.people, settings.first_frame = "part", "all", 3
    with pytest.raises(RuntimeError, match="press Find People again"):
        bpy.ops.tar.import_video_motion()
