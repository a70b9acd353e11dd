"""Choosing a video in a file browser or by dropping a file."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import tar_blender
from tar_blender.operators.choose_video import TAR_FH_video


@pytest.fixture(autouse=True)
def registered(empty_scene: None) -> Iterator[None]:
    tar_blender.register()
    yield
    tar_blender.unregister()


def test_dropped_video_is_chosen(tiny_video: Path) -> None:
    assert bpy.ops.tar.choose_video(filepath=str(tiny_video)) == {"FINISHED"}
    assert bpy.context.scene.tar_settings.video == str(tiny_video)
    assert bpy.context.window_manager.tar_video.facts


def test_path_is_relative_if_the_preferences_say_so(tiny_video: Path, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    for relative in (True, False):
        bpy.context.preferences.filepaths.use_relative_paths = relative
        bpy.ops.tar.choose_video(filepath=str(tiny_video))
        settings = bpy.context.scene.tar_settings
        assert settings.video.startswith("//") == relative
        assert settings.video_path.resolve() == tiny_video.resolve()
    bpy.context.preferences.filepaths.use_relative_paths = True


def test_file_handler_accepts_videos() -> None:
    handler = TAR_FH_video
    assert handler.is_registered
    assert {".mp4", ".mov"} <= set(handler.bl_file_extensions.split(";"))
    assert "*.mp4;*.mov" in bpy.ops.tar.choose_video.get_rna_type().properties["filter_glob"].default
    assert handler.bl_import_operator == "tar.choose_video" and hasattr(bpy.types, "TAR_OT_choose_video")
