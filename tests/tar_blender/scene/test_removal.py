"""Removal of people and clips."""

from pathlib import Path

import bpy

from tar_blender.scene.build import import_clip
from tar_blender.scene.removal import delete_clip, delete_person
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options
from tests.tar_blender.scene.test_build import _everything


def test_deleting_a_person_removes_their_data_only() -> None:
    imported = import_clip(synthetic_clip(people=2), bpy.context, raw_options())
    delete_person(imported.people[0].armature)
    assert not [name for name in _everything() if "Person 1" in name]
    assert {
        "objects/Person 2",
        "objects/Person 2 Body",
        "actions/Person 2 Motion",
        "materials/TAR Skin",
    } <= _everything()


def test_deleting_a_clip_removes_all_its_data(tiny_video: Path) -> None:
    for keep_frame_rate in (False, True):
        clip = synthetic_clip(people=2)
        clip.source = str(tiny_video)
        bpy.context.scene.render.fps = 24
        imported = import_clip(clip, bpy.context, raw_options(timing="scene" if keep_frame_rate else "video"))
        assert imported.camera.data.background_images
        delete_clip(imported.collection)
        assert not _everything()


def test_deleting_leaves_no_none_in_the_view_layer() -> None:
    (person,) = import_clip(synthetic_clip(), bpy.context, raw_options()).people
    delete_person(person.armature)
    assert None not in list(bpy.context.view_layer.objects)
