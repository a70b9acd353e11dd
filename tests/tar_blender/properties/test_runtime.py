"""Facts about the selected video."""

from pathlib import Path

import bpy
import pytest

from tar_blender.scene.live_people import show_live_people
from tar_core.preview import LiveBody, Preview
from tar_core.skeleton import NUM_JOINTS

pytestmark = pytest.mark.usefixtures("addon")

FACTS = "64 × 48, 12 fps, 0:01"


def test_selected_video_is_described(tiny_video: Path, tmp_path: Path) -> None:
    settings, video = bpy.context.scene.tar_settings, bpy.context.window_manager.tar_video
    settings.video = str(tiny_video)
    assert video.facts == FACTS and not video.error
    text = tmp_path / "text.mp4"
    text.write_text("not a video")
    settings.video = str(text)
    assert "text.mp4: not a video" in video.error and not video.facts
    settings.video = ""
    assert not video.error and not video.facts
    assert not bpy.data.movieclips


def test_video_of_an_opened_file_is_described(tiny_video: Path, tmp_path: Path) -> None:
    bpy.context.scene.tar_settings.video = str(tiny_video)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.context.scene.tar_settings.video = ""
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert bpy.context.window_manager.tar_video.facts == FACTS


def test_messages_of_the_last_import_are_cleared() -> None:
    progress = bpy.context.window_manager.tar_progress
    progress.error, progress.notice, progress.log, progress.request = "error", "notice", "log", "{}"
    progress.clear_messages()
    assert (progress.error, progress.notice, progress.log, progress.request) == ("", "", "", "")


def test_undone_steps_of_a_recording_bring_no_bodies_back() -> None:
    """The steps themselves need a window: tests/support/window_live_steps.py."""
    progress = bpy.context.window_manager.tar_progress
    body = LiveBody(((0.0, 0.0, 0.0),) * NUM_JOINTS, (0.0, 3.0, 0.9))
    show_live_people(bpy.context, Preview(0, 64, 48, {}, 1.0, {1: body}))
    progress.running = progress.records = True
    for handler in (*bpy.app.handlers.undo_post, *bpy.app.handlers.redo_post):
        handler(bpy.context.scene, None)
    assert "Live Person 1" in bpy.data.objects, "the recording is running"
    progress.running = False
    for handler in bpy.app.handlers.undo_post:
        handler(bpy.context.scene, None)
    assert not bpy.data.objects and not bpy.data.collections
