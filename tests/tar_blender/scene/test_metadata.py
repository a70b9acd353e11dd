"""The people list's doings on a real import."""

from pathlib import Path

import bpy

from tar_blender.scene.build import ImportOptions, import_clip
from tar_blender.scene.metadata import (
    ClipRecord,
    camera_of,
    clip_record,
    delete_clip,
    delete_person,
    imported_clips,
    mark_clip,
    people_of,
    person_id,
    set_hidden,
)
from tests.support.clips import synthetic_clip
from tests.tar_blender.scene.test_build import _everything


def test_imported_people_are_found_again(tmp_path: Path) -> None:
    bpy.ops.object.armature_add()  # an animator's own
    imported = import_clip(synthetic_clip(people=3), bpy.context)
    assert imported_clips(bpy.context.scene) == []
    mark_clip(imported.collection, ClipRecord("walk.npz", {"smoothing": 0.5}))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    (collection,) = imported_clips(bpy.context.scene)
    assert clip_record(collection) == ClipRecord("walk.npz", {"smoothing": 0.5})
    assert [person_id(person) for person in people_of(collection)] == [1, 2, 3]
    assert camera_of(collection).name == "TAR Camera"


def test_a_deleted_person_leaves_nothing_and_the_others_alone() -> None:
    imported = import_clip(synthetic_clip(people=2), bpy.context)
    delete_person(imported.people[0].armature)
    assert not [name for name in _everything() if "Person 1" in name]
    assert {
        "objects/Person 2",
        "objects/Person 2 Body",
        "actions/Person 2 Motion",
        "materials/TAR Skin",
    } <= _everything()


def test_a_deleted_clip_leaves_nothing(tiny_video: Path) -> None:
    for keep_frame_rate in (False, True):
        clip = synthetic_clip(people=2)
        clip.source = str(tiny_video)
        bpy.context.scene.render.fps = 24
        imported = import_clip(clip, bpy.context, ImportOptions(keep_frame_rate=keep_frame_rate))
        assert imported.camera.data.background_images
        delete_clip(imported.collection)
        assert not _everything()


def test_hiding_is_the_eyes_and_lasts_through_the_clip() -> None:
    person = import_clip(synthetic_clip(), bpy.context).people[0]
    set_hidden(person.armature, True)
    bpy.context.scene.frame_set(20)
    assert not person.armature.visible_get() and not person.body.visible_get()
    set_hidden(person.armature, False)
    assert person.armature.visible_get() and person.body.visible_get()


def test_deleted_people_leave_no_holes_in_the_view_layer() -> None:
    (person,) = import_clip(synthetic_clip(), bpy.context).people
    delete_person(person.armature)
    assert None not in list(bpy.context.view_layer.objects)
