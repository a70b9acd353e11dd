"""Import of motion files of TAR and AMASS."""

from pathlib import Path

import bpy
import numpy as np
import pytest

import tar_blender
from tar_blender.engine.request import ImportRequest
from tests.support.clips import synthetic_clip

pytestmark = pytest.mark.usefixtures("addon")


def test_import_motion_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "motion.npz"
    synthetic_clip().save(path)
    assert bpy.ops.tar.import_motion_file(filepath=str(path)) == {"FINISHED"}
    assert "Person 1" in bpy.data.objects
    notice = bpy.context.window_manager.tar_progress.notice
    assert notice.startswith("Imported 1 person.") and "Dance 01.mp4" in notice
    assert "Info: Imported 1 person. Scene set to" in capfd.readouterr().out


def test_motion_files_are_queued_during_an_import(motion_file: Path) -> None:
    progress = bpy.context.window_manager.tar_progress
    progress.running = True
    assert bpy.ops.tar.import_motion_file(filepath=str(motion_file)) == {"FINISHED"}
    (queued,) = progress.queue
    assert queued.name == "motion.npz" and ImportRequest.from_json(queued.request).is_motion
    assert not bpy.data.objects


def test_other_files_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "motion.npz"
    path.write_text("text")
    with pytest.raises(RuntimeError, match="not a TAR motion file"):
        bpy.ops.tar.import_motion_file(filepath=str(path))
    assert "not a TAR motion file" in bpy.context.window_manager.tar_progress.error
    with pytest.raises(RuntimeError, match="choose an .npz"):
        bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "walk.mp4"))


def test_amass_files_can_be_imported_and_reimported(tmp_path: Path) -> None:
    poses = np.zeros((30, 52, 3))
    poses[:, 0] = (np.pi / 2, 0, 0)
    trans = np.stack([np.linspace(0, 1, 30), np.zeros(30), np.full(30, 1.0)], 1)
    np.savez(tmp_path / "walk.npz", poses=poses.reshape(30, -1), trans=trans, mocap_framerate=60.0)
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "walk.npz"))
    clip = bpy.data.collections["walk"]
    (armature,) = (obj for obj in clip.all_objects if obj.type == "ARMATURE")
    bpy.context.scene.frame_set(bpy.context.scene.frame_start)
    first = armature.matrix_world @ armature.pose.bones["pelvis"].head
    bpy.context.scene.frame_set(bpy.context.scene.frame_end)
    last = armature.matrix_world @ armature.pose.bones["pelvis"].head
    assert (last - first).x == pytest.approx(1.0, abs=1e-4)
    assert 0.5 < first.z < 1.5
    assert bpy.ops.tar.reimport_clip(clip="walk", foot_locking=0.0) == {"FINISHED"}


def test_the_file_menu_has_one_entry_while_the_add_on_is_registered() -> None:
    def entries() -> int:
        return sum(
            draw.__name__ == "_draw_in_file_menu" for draw in bpy.types.TOPBAR_MT_file_import._dyn_ui_initialize()
        )

    assert entries() == 1
    tar_blender.unregister()
    assert entries() == 0
    tar_blender.register()


def test_message_is_shown_as_long_as_the_clip_is_there(motion_file: Path) -> None:
    """Also after undo, which needs a window."""
    progress = bpy.context.window_manager.tar_progress
    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    assert progress.shown_notice().startswith("Imported 2 people.")
    bpy.ops.tar.delete_clip(clip="Dance 01")
    assert not progress.shown_notice()
    progress.notice, progress.clip = "Recorded a.mp4.", ""
    assert progress.shown_notice() == "Recorded a.mp4."
