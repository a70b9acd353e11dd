"""Operators of the people list."""

from pathlib import Path

import bpy
import pytest

from tar_blender.scene.metadata import imported_clips, uncertain_ranges_of
from tar_core.cleanup.uncertainty import UncertainRange
from tar_core.skeleton import JOINT_NAMES
from tests.support.clips import synthetic_clip

pytestmark = pytest.mark.usefixtures("imported")


def test_select_person_leaves_pose_mode_and_deselects_the_others() -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    bpy.ops.object.mode_set(mode="POSE")
    bpy.context.scene.frame_set(20)  # Person 2 enters late, and hidden objects cannot be selected
    bpy.ops.tar.select_person(person="Person 2")
    assert bpy.context.view_layer.objects.active.name == "Person 2"
    assert [obj.name for obj in bpy.context.selected_objects] == ["Person 2"]


def test_uncertain_ranges_are_in_scene_frames_and_can_be_shown(tmp_path: Path) -> None:
    clip = synthetic_clip()
    (person,) = clip.people
    person.joint_errors[20:40, JOINT_NAMES.index("left_wrist")] = 0.5
    clip.save(tmp_path / "uncertain.npz")
    bpy.context.scene.tar_settings.start_frame = 101
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "uncertain.npz"))
    armature = bpy.data.objects["Person 1.001"]
    first = 101 + int(person.frames[20])
    assert uncertain_ranges_of(armature) == [UncertainRange("left arm uncertain", first, first + 19)]
    bpy.ops.tar.show_frame(frame=first)
    assert bpy.context.scene.frame_current == first
    assert uncertain_ranges_of(bpy.data.objects["Person 1"]) == []


def test_hide_person_toggles_the_body_too() -> None:
    bpy.context.scene.frame_set(20)
    body = bpy.data.objects["Person 1 Body"]
    bpy.ops.tar.hide_person(person="Person 1")
    assert not body.visible_get()
    bpy.ops.tar.hide_person(person="Person 1")
    assert body.visible_get()


def test_people_outside_the_view_layer_are_refused_in_one_line(imported: bpy.types.Collection) -> None:
    bpy.context.view_layer.layer_collection.children[imported.name].exclude = True
    for operator in (bpy.ops.tar.select_person, bpy.ops.tar.hide_person):
        with pytest.raises(RuntimeError, match="enable its collection") as error:
            operator(person="Person 1")
        assert "Traceback" not in str(error.value)


def test_delete_person_in_pose_mode() -> None:
    bpy.context.scene.frame_set(20)
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.tar.delete_person(person="Person 1")
    assert sorted(bpy.data.objects.keys()) == ["Person 2", "Person 2 Body", "TAR Camera"]


def test_view_camera_and_delete_clip(imported: bpy.types.Collection) -> None:
    bpy.context.scene.camera = None
    bpy.ops.tar.view_camera(clip=imported.name)
    assert bpy.context.scene.camera.name == "TAR Camera"
    bpy.ops.tar.delete_clip(clip=imported.name)
    assert not bpy.data.objects and not bpy.data.actions and not imported_clips(bpy.context.scene)


def test_deleted_camera_is_an_error(imported: bpy.types.Collection) -> None:
    bpy.data.objects.remove(bpy.data.objects["TAR Camera"])
    with pytest.raises(RuntimeError, match="re-import the clip"):
        bpy.ops.tar.view_camera(clip=imported.name)
