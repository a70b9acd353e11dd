"""The buttons, pressed from Python: Blender without a window waits for the engine instead of following it."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine.paths import ADDON, PYTHON_VARIABLE
from tar_blender.engine.request import ImportRequest
from tar_blender.scene.metadata import clip_record, imported_clips
from tar_core.motion import MotionClip
from tests.support.clips import synthetic_clip
from tests.tar_blender.headless.test_command import engine_python, motion_file  # noqa: F401 -- fixtures


@pytest.fixture(autouse=True)
def registered(empty_scene: None, tmp_path: Path) -> Iterator[None]:
    """The add-on as if it were enabled, with a cache of its own."""
    tar_blender.register()
    entry = bpy.context.preferences.addons.new()
    entry.module = ADDON
    entry.preferences.cache_folder = str(tmp_path / "cache")
    yield
    bpy.context.preferences.addons.remove(entry)
    tar_blender.unregister()


def test_import_video_motion(engine_python: Path, tiny_video: Path) -> None:  # noqa: F811
    bpy.context.scene.tar_settings.video = str(tiny_video)
    assert bpy.ops.tar.import_video_motion() == {"FINISHED"}
    assert {"Person 1", "Person 2"} <= set(bpy.data.objects.keys())
    progress = bpy.context.window_manager.tar_progress
    assert progress.notice.startswith("Imported 2 people")
    assert not progress.error and not progress.running


def test_engines_error_is_shown(engine_python: Path, tiny_video: Path) -> None:  # noqa: F811
    settings = bpy.context.scene.tar_settings
    settings.video, settings.people, settings.people_count = str(tiny_video), "count", 3
    with pytest.raises(RuntimeError, match="No person found"):
        bpy.ops.tar.import_video_motion()
    assert bpy.context.window_manager.tar_progress.error == "no person found; give a box"
    assert not bpy.data.objects


def test_missing_engine_is_shown(tiny_video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    bpy.context.scene.tar_settings.video = str(tiny_video)
    with pytest.raises(RuntimeError, match="Set Up Engine"):
        bpy.ops.tar.import_video_motion()


def test_missing_video_is_shown(engine_python: Path) -> None:  # noqa: F811
    bpy.context.scene.tar_settings.video = "/gone.mp4"
    with pytest.raises(RuntimeError, match="no such video"):
        bpy.ops.tar.import_video_motion()


def test_buttons_are_gray_when_they_cannot_work() -> None:
    assert not bpy.ops.tar.import_video_motion.poll()
    assert not bpy.ops.tar.cancel_import.poll()
    bpy.context.window_manager.tar_progress.running = True
    assert bpy.ops.tar.cancel_import.poll()
    bpy.context.scene.tar_settings.video = "/a.mp4"
    assert bpy.ops.tar.import_video_motion.poll()


def test_imports_queue_behind_the_running_one(tiny_video: Path) -> None:
    progress, settings = bpy.context.window_manager.tar_progress, bpy.context.scene.tar_settings
    progress.running = True
    settings.video = str(tiny_video)
    for smoothing in (0.25, 0.5):
        settings.smoothing = smoothing
        assert bpy.ops.tar.import_video_motion() == {"FINISHED"}
    assert [waiting.name for waiting in progress.queue] == [tiny_video.name] * 2
    requests = [ImportRequest.from_json(waiting.request) for waiting in progress.queue]
    assert [request.options.smoothing for request in requests] == [0.25, 0.5]
    bpy.ops.tar.unqueue_import(index=0)
    assert [ImportRequest.from_json(waiting.request) for waiting in progress.queue] == requests[1:]


def test_captured_motion_is_kept_for_another_import(engine_python: Path, tiny_video: Path) -> None:  # noqa: F811
    settings = bpy.context.scene.tar_settings
    settings.video, settings.smoothing, settings.figure = str(tiny_video), 0.5, "armature"
    bpy.ops.tar.import_video_motion()
    (collection,) = imported_clips(bpy.context.scene)
    record = clip_record(collection)
    assert record.options["smoothing"] == 0.5 and record.options["figure"] == "armature"
    kept = MotionClip.load(record.motion).people[0]
    assert (kept.poses == synthetic_clip(people=2).people[0].poses).all(), "as captured, not smoothed"


def test_failed_import_keeps_nothing(engine_python: Path, tiny_video: Path, tmp_path: Path) -> None:  # noqa: F811
    settings = bpy.context.scene.tar_settings
    settings.video, settings.people, settings.people_count = str(tiny_video), "count", 3
    with pytest.raises(RuntimeError):
        bpy.ops.tar.import_video_motion()
    assert not (tmp_path / "cache").exists()


def test_unwritable_cache_is_a_warning(engine_python: Path, tiny_video: Path, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "cache").write_text("a file where the folder should be")
    bpy.context.scene.tar_settings.video = str(tiny_video)
    assert bpy.ops.tar.import_video_motion() == {"FINISHED"}
    assert "choose another cache folder" in bpy.context.window_manager.tar_progress.notice


def test_smpl_body_without_a_file_is_shown(tiny_video: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.body = str(tiny_video), "smpl"
    with pytest.raises(RuntimeError, match="No SMPL file is set"):
        bpy.ops.tar.import_video_motion()


def test_gender_of_the_smpl_body_is_looked_for(tiny_video: Path, tmp_path: Path) -> None:
    settings = bpy.context.scene.tar_settings
    settings.video, settings.body, settings.gender = str(tiny_video), "smpl", "female"
    bpy.context.preferences.addons[ADDON].preferences.body_file = str(tmp_path / "SMPL_MALE.npz")
    (tmp_path / "SMPL_MALE.npz").touch()
    with pytest.raises(RuntimeError, match="no SMPL_FEMALE beside"):
        bpy.ops.tar.import_video_motion()
    bpy.context.window_manager.tar_progress.running = True  # so that it is queued, not begun
    (tmp_path / "SMPL_FEMALE.npz").touch()
    bpy.ops.tar.import_video_motion()
    (waiting,) = bpy.context.window_manager.tar_progress.queue
    assert ImportRequest.from_json(waiting.request).job.options.body == tmp_path / "SMPL_FEMALE.npz"


def test_import_motion_file(tmp_path: Path) -> None:
    path = tmp_path / "motion.npz"
    synthetic_clip().save(path)
    assert bpy.ops.tar.import_motion_file(filepath=str(path)) == {"FINISHED"}
    assert "Person 1" in bpy.data.objects
    notice = bpy.context.window_manager.tar_progress.notice
    assert notice.startswith("Imported 1 person.") and "Dance 01.mp4" in notice


def test_motion_files_wait_for_the_running_import(tmp_path: Path) -> None:
    progress = bpy.context.window_manager.tar_progress
    progress.running = True
    synthetic_clip().save(tmp_path / "walk.npz")
    assert bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "walk.npz")) == {"FINISHED"}
    (waiting,) = progress.queue
    assert waiting.name == "walk.npz" and ImportRequest.from_json(waiting.request).is_motion
    assert not bpy.data.objects
    progress.running = False


def test_broken_motion_file(tmp_path: Path) -> None:
    path = tmp_path / "motion.npz"
    path.write_text("text")
    with pytest.raises(RuntimeError, match="not a TAR motion file"):
        bpy.ops.tar.import_motion_file(filepath=str(path))
    assert "not a TAR motion file" in bpy.context.window_manager.tar_progress.error
    with pytest.raises(RuntimeError, match="choose an .npz"):
        bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "walk.mp4"))
