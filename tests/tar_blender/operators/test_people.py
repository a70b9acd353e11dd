"""The people list's buttons, pressed from Python."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

import tar_blender
from tar_blender.scene.metadata import clip_record, imported_clips, uncertain_ranges_of
from tar_core.cleanup.uncertainty import UncertainRange
from tar_core.skeleton import JOINT_NAMES
from tests.support.clips import synthetic_clip
from tests.tar_blender.scene.test_keyframes import curves_of, values_of


@pytest.fixture(autouse=True)
def imported(empty_scene: None, tmp_path: Path) -> Iterator[bpy.types.Collection]:
    """The collection of two people from a motion file."""
    tar_blender.register()
    synthetic_clip(people=2).save(tmp_path / "motion.npz")
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "motion.npz"))
    (collection,) = imported_clips(bpy.context.scene)
    yield collection
    tar_blender.unregister()


def test_select() -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    bpy.ops.object.mode_set(mode="POSE")
    bpy.context.scene.frame_set(20)  # nobody can select what is hidden, and Person 2 enters late
    bpy.ops.tar.select_person(person="Person 2")
    assert bpy.context.view_layer.objects.active.name == "Person 2"
    assert [thing.name for thing in bpy.context.selected_objects] == ["Person 2"]


def test_doubts_are_listed_and_shown(tmp_path: Path) -> None:
    clip = synthetic_clip()
    (person,) = clip.people
    person.joint_errors[20:40, JOINT_NAMES.index("left_wrist")] = 0.5
    clip.save(tmp_path / "doubtful.npz")
    bpy.context.scene.tar_settings.start_frame = 101
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "doubtful.npz"))
    armature = bpy.data.objects["Person 1.001"]
    first = 101 + int(person.frames[20])
    assert uncertain_ranges_of(armature) == [UncertainRange("left arm uncertain", first, first + 19)]
    bpy.ops.tar.show_frame(frame=first)
    assert bpy.context.scene.frame_current == first
    assert uncertain_ranges_of(bpy.data.objects["Person 1"]) == []


def test_hide_and_show() -> None:
    bpy.context.scene.frame_set(20)
    body = bpy.data.objects["Person 1 Body"]
    bpy.ops.tar.hide_person(person="Person 1")
    assert not body.visible_get()
    bpy.ops.tar.hide_person(person="Person 1")
    assert body.visible_get()


def test_delete_while_posing() -> None:
    bpy.context.scene.frame_set(20)
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.tar.delete_person(person="Person 1")
    assert sorted(bpy.data.objects.keys()) == ["Person 2", "Person 2 Body", "TAR Camera"]


def test_look_through_camera_and_delete_clip(imported: bpy.types.Collection) -> None:
    bpy.context.scene.camera = None
    bpy.ops.tar.view_camera(clip=imported.name)
    assert bpy.context.scene.camera.name == "TAR Camera"
    bpy.ops.tar.delete_clip(clip=imported.name)
    assert not bpy.data.objects and not bpy.data.actions and not imported_clips(bpy.context.scene)


def test_reimport_smoothes_the_captured_motion_once(imported: bpy.types.Collection) -> None:
    """Twice with the same strength is as once: it begins at the captured motion, not at the smoothed one."""
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


def test_reimport_with_another_lens_and_rate(imported: bpy.types.Collection) -> None:
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


def test_reimport_leaves_deleted_people_away(imported: bpy.types.Collection) -> None:
    bpy.ops.tar.delete_person(person="Person 2")
    bpy.ops.tar.reimport_clip(clip=imported.name)
    assert sorted(bpy.data.objects.keys()) == ["Person 1", "Person 1 Body", "TAR Camera"]


def test_motion_gone_loses_nothing(imported: bpy.types.Collection, tmp_path: Path) -> None:
    before = set(bpy.data.objects.keys())
    (tmp_path / "motion.npz").unlink()
    with pytest.raises(RuntimeError, match="no longer in the cache"):
        bpy.ops.tar.reimport_clip(clip=imported.name)
    assert set(bpy.data.objects.keys()) == before
    assert "no longer in the cache" in bpy.context.window_manager.tar_progress.error


def test_amass_files_are_imported_and_imported_again(tmp_path: Path) -> None:
    poses = np.zeros((30, 52, 3))
    poses[:, 0] = (np.pi / 2, 0, 0)
    trans = np.stack([np.linspace(0, 1, 30), np.zeros(30), np.full(30, 1.0)], 1)
    np.savez(tmp_path / "walk.npz", poses=poses.reshape(30, -1), trans=trans, mocap_framerate=60.0)
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "walk.npz"))
    clip = bpy.data.collections["walk"]
    (armature,) = (thing for thing in clip.all_objects if thing.type == "ARMATURE")
    bpy.context.scene.frame_set(bpy.context.scene.frame_start)
    first = armature.matrix_world @ armature.pose.bones["pelvis"].head
    bpy.context.scene.frame_set(bpy.context.scene.frame_end)
    last = armature.matrix_world @ armature.pose.bones["pelvis"].head
    assert (last - first).x == pytest.approx(1.0, abs=1e-4)
    assert 0.5 < first.z < 1.5
    assert bpy.ops.tar.reimport_clip(clip="walk", foot_locking=0.0) == {"FINISHED"}


def test_the_file_menu_offers_motion_files() -> None:
    def entries() -> int:
        return sum(
            draw.__name__ == "_draw_in_file_menu" for draw in bpy.types.TOPBAR_MT_file_import._dyn_ui_initialize()
        )

    assert entries() == 1
    tar_blender.unregister()
    assert entries() == 0
    tar_blender.register()
