"""Records of imported clips and people."""

from pathlib import Path

import bpy
import pytest

from tar_blender.scene.build import import_clip
from tar_blender.scene.metadata import (
    ClipRecord,
    camera_of,
    clip_record,
    imported_clips,
    is_part,
    mark_clip,
    people_of,
    person_id,
    set_hidden,
)
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options


def test_records_are_saved_with_the_file(tmp_path: Path) -> None:
    bpy.ops.object.armature_add()  # not an imported person
    imported = import_clip(synthetic_clip(people=3), bpy.context, raw_options())
    assert imported_clips(bpy.context.scene) == []
    mark_clip(imported.collection, ClipRecord("walk.npz", {"smoothing": 0.5}))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    (collection,) = imported_clips(bpy.context.scene)
    assert clip_record(collection) == ClipRecord("walk.npz", {"smoothing": 0.5})
    assert [person_id(person) for person in people_of(collection)] == [1, 2, 3]
    assert camera_of(collection).name == "TAR Camera"


def test_hidden_people_stay_hidden_on_all_frames() -> None:
    person = import_clip(synthetic_clip(), bpy.context, raw_options()).people[0]
    set_hidden(person.armature, True)
    bpy.context.scene.frame_set(20)
    assert not person.armature.visible_get() and not person.body.visible_get()
    set_hidden(person.armature, False)
    assert person.armature.visible_get() and person.body.visible_get()


def test_other_collections_have_no_record() -> None:
    assert clip_record(bpy.data.collections.new("props")) is None


@pytest.mark.parametrize(
    ("name", "made_by_import"),
    [
        ("Person 1 Body", True),
        ("Person 12.001 Motion", True),
        ("TAR Camera Mount.002", True),
        ("TAR Camera.001 Path", True),
        ("TAR Camera Rig", False),
        ("Person 1 Bodyguard", False),
        ("Hat", False),
    ],
)
def test_parts_of_older_versions_are_known_by_their_names(name: str, made_by_import: bool) -> None:
    assert is_part(bpy.data.actions.new(name)) == made_by_import
