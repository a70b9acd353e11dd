"""Record a video. tests/tar_core/engine/test_server.py records from real streams."""

from pathlib import Path

import bpy
import pytest

from tar_blender.operators.queue import import_report
from tar_blender.operators.record import _new_file

pytestmark = pytest.mark.usefixtures("addon")


def test_recorded_video_is_chosen(engine_python: Path, tiny_video: Path) -> None:
    assert bpy.ops.tar.record_video(source="0", seconds=1.0, filepath=str(tiny_video)) == {"FINISHED"}
    assert bpy.context.scene.tar_settings.video == str(tiny_video)
    assert "Recorded twelve_greys.mp4" in bpy.context.window_manager.tar_progress.notice
    assert bpy.context.window_manager.tar_video.facts and not bpy.data.objects


@pytest.mark.parametrize("source", ["a.mp4", "file:///a.mp4", ""])
def test_source_must_be_a_camera_or_an_address(source: str, engine_python: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="number of a camera"):
        bpy.ops.tar.record_video(source=source, filepath=str(tmp_path / "take.mp4"))


@pytest.mark.skipif(bpy.app.online_access, reason="needs a Blender that must not access the network")
def test_address_needs_online_access(engine_python: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Allow Online Access"):
        bpy.ops.tar.record_video(source="http://127.0.0.1:9/live", filepath=str(tmp_path / "take.mp4"))


def test_file_name_is_required(engine_python: Path) -> None:
    with pytest.raises(RuntimeError, match="No file name"):
        bpy.ops.tar.record_video(source="0")


def test_new_file_is_next_to_the_blend_file(tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    assert _new_file().parent == tmp_path and _new_file().suffix == ".mp4"


def test_report_does_not_contain_the_address(engine_python: Path, tiny_video: Path) -> None:
    progress = bpy.context.window_manager.tar_progress
    bpy.ops.tar.record_video(source="0", filepath=str(tiny_video))
    assert '"record"' in progress.request and "record" not in import_report(progress)
