"""The buttons, pressed from Python: Blender without a window waits for the engine instead of following it."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.engine_client import PYTHON_VARIABLE
from tests.blender.clips import synthetic_clip
from tests.blender.test_command import engine_python, motion_file  # noqa: F401 -- fixtures


@pytest.fixture(autouse=True)
def registered(empty_scene: None) -> Iterator[None]:
    tar_blender.register()
    yield
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
    with pytest.raises(RuntimeError, match="no person found"):
        bpy.ops.tar.import_video_motion()
    assert bpy.context.window_manager.tar_progress.error == "no person found; give a box"
    assert not bpy.data.objects


def test_missing_engine_is_shown(tiny_video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PYTHON_VARIABLE, raising=False)
    bpy.context.scene.tar_settings.video = str(tiny_video)
    with pytest.raises(RuntimeError, match="venv"):
        bpy.ops.tar.import_video_motion()


def test_missing_video_is_shown(engine_python: Path) -> None:  # noqa: F811
    bpy.context.scene.tar_settings.video = "/gone.mp4"
    with pytest.raises(RuntimeError, match="no such video"):
        bpy.ops.tar.import_video_motion()


def test_buttons_are_grey_when_they_cannot_work() -> None:
    assert not bpy.ops.tar.import_video_motion.poll()
    assert not bpy.ops.tar.cancel_import.poll()
    bpy.context.window_manager.tar_progress.running = True
    assert bpy.ops.tar.cancel_import.poll()
    bpy.context.scene.tar_settings.video = "/a.mp4"
    assert not bpy.ops.tar.import_video_motion.poll()


def test_import_motion_file(tmp_path: Path) -> None:
    path = tmp_path / "motion.npz"
    synthetic_clip().save(path)
    assert bpy.ops.tar.import_motion_file(filepath=str(path)) == {"FINISHED"}
    assert "Person 1" in bpy.data.objects
    notice = bpy.context.window_manager.tar_progress.notice
    assert notice.startswith("Imported 1 person.") and "Dance 01.mp4" in notice


def test_broken_motion_file(tmp_path: Path) -> None:
    path = tmp_path / "motion.npz"
    path.write_text("text")
    with pytest.raises(RuntimeError, match="not a TAR motion file"):
        bpy.ops.tar.import_motion_file(filepath=str(path))
    assert "not a TAR motion file" in bpy.context.window_manager.tar_progress.error
