"""Re-import of a clip with other settings."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.metadata import camera_of, clip_record, imported_clips
from tar_core.shot_files import save_shots
from tests.support.animated_camera import START, animated_camera, import_in_world_of
from tests.support.clips import clips_of_shots, synthetic_clip
from tests.tar_blender.scene.test_keyframes import curves_of, values_of


def test_reimport_starts_from_the_captured_motion(imported: bpy.types.Collection) -> None:
    """Smoothing twice with the same strength gives the same result as smoothing once."""
    locations = []
    for smoothing in (0.0, 0.6, 0.6):
        assert bpy.ops.tar.reimport_clip(clip="Dance 01", smoothing=smoothing) == {"FINISHED"}
        curve = curves_of(bpy.data.objects["Person 1"].animation_data.action)['pose.bones["pelvis"].location', 0]
        locations.append(values_of(curve)[:, 1])
    assert np.abs(locations[1] - locations[0]).max() > 1e-6
    np.testing.assert_array_equal(locations[2], locations[1])
    assert sorted(bpy.data.objects.keys()) == ["Person 1", "Person 1 Body", "Person 2", "Person 2 Body", "TAR Camera"]
    assert len(bpy.data.actions) == len(bpy.data.armatures) == 2
    (collection,) = imported_clips(bpy.context.scene)
    assert collection.name == "Dance 01" and clip_record(collection).options["smoothing"] == pytest.approx(0.6)


def test_reimport_with_another_focal_length_and_frame_rate(imported: bpy.types.Collection) -> None:
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1
    far = synthetic_clip().people[0].trans[:, 2].mean()
    bpy.ops.tar.reimport_clip(
        clip=imported.name,
        focal_mode="pixels",
        focal_length=2 * synthetic_clip().focal_length,
        timing="scene",
        figure="armature",
    )
    assert bpy.context.scene.render.fps == 24 and not bpy.data.meshes
    bpy.context.scene.frame_set(20)
    distance = [bpy.data.objects["Person 1"].pose.bones["pelvis"].head.y]
    assert 1.4 * far < distance[0] < 2.6 * far


def test_reimport_leaves_deleted_people_out(imported: bpy.types.Collection) -> None:
    bpy.ops.tar.delete_person(person="Person 2")
    bpy.ops.tar.reimport_clip(clip=imported.name)
    assert sorted(bpy.data.objects.keys()) == ["Person 1", "Person 1 Body", "TAR Camera"]


def test_failed_reimport_leaves_the_clip_unchanged(imported: bpy.types.Collection, motion_file: Path) -> None:
    before = set(bpy.data.objects.keys())
    motion_file.unlink()
    with pytest.raises(RuntimeError, match="no longer in the cache"):
        bpy.ops.tar.reimport_clip(clip=imported.name)
    assert set(bpy.data.objects.keys()) == before
    assert "no longer in the cache" in bpy.context.window_manager.tar_progress.error


def test_reimport_uses_the_animated_camera_as_it_is_now(addon: None, tmp_path: Path) -> None:
    camera = animated_camera()
    collection = import_in_world_of(camera, tmp_path)
    assert camera_of(collection) == camera

    def hips() -> np.ndarray:
        bpy.context.scene.frame_set(START + 20)
        armature = bpy.data.objects["Person 1"]
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        return np.array(posed.matrix_world @ posed.pose.bones["pelvis"].head)

    before = hips()
    camera.parent.delta_location = (0, 0, 2.0)
    camera.constraints[0].target.delta_location = (0, 0, 2.0)
    bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=collection.name, camera_mode="animated", start_frame=START)
    np.testing.assert_allclose(hips() - before, [0, 0, 2], atol=1e-3)


def test_reimport_with_a_new_camera_instead_of_the_animated_one(addon: None, tmp_path: Path) -> None:
    name = import_in_world_of(animated_camera(), tmp_path).name
    bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="video", start_frame=START)
    (collection,) = imported_clips(bpy.context.scene)
    assert camera_of(collection).name == "TAR Camera" and "Mine" in bpy.data.objects
    with pytest.raises(RuntimeError, match="the camera of the clip"):
        bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="animated")
    bpy.context.scene.camera = None
    with pytest.raises(RuntimeError, match="no active camera"):
        bpy.ops.tar.reimport_clip("EXEC_DEFAULT", clip=name, camera_mode="animated")


def test_one_shot_is_reimported_and_the_others_are_kept(addon: None, tmp_path: Path) -> None:
    save_shots(tmp_path / "shots.npz", clips_of_shots())
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "shots.npz"))
    assert bpy.context.window_manager.tar_progress.notice.startswith("Imported 2 people in 2 shots.")
    scene = bpy.context.scene
    scene.timeline_markers.new("Mine", frame=7)
    first = bpy.data.objects["TAR Camera Shot 1"]
    assert bpy.ops.tar.reimport_clip(clip="Dance 01 Shot 2", figure="armature") == {"FINISHED"}
    assert [clip.name for clip in imported_clips(scene)] == ["Dance 01 Shot 1", "Dance 01 Shot 2"]
    assert sorted(obj.name for obj in bpy.data.objects if obj.type != "CAMERA") == [
        "Person 1",
        "Person 1 Body",
        "Person 2",
    ]
    assert bpy.data.objects["TAR Camera Shot 1"] == first
    found = {marker.name: (marker.frame, marker.camera and marker.camera.name) for marker in scene.timeline_markers}
    assert found == {
        "Shot 1": (1, "TAR Camera Shot 1"),
        "Shot 2": (31, "TAR Camera Shot 2"),
        "Mine": (7, None),
    }
    assert (scene.frame_start, scene.frame_end) == (1, 60)
    assert clip_record(bpy.data.collections["Dance 01 Shot 2"]).shot == 2
