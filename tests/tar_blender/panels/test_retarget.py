"""When the Retarget panels are shown."""

from collections.abc import Iterator

import bpy
import pytest

import tar_blender
from tar_blender.panels.retarget import TAR_PT_retarget, TAR_PT_retarget_bones
from tar_blender.panels.sidebar import TAR_PT_people, TAR_PT_sidebar
from tar_blender.scene.build import import_clip
from tar_blender.scene.metadata import ClipRecord, mark_clip
from tests.support.characters import SMPL_BONES, make_character, walking_clip
from tests.support.import_options import raw_options


@pytest.fixture(autouse=True)
def registered(empty_scene: None) -> Iterator[None]:
    tar_blender.register()
    yield
    tar_blender.unregister()


def test_panel_is_between_the_people_and_the_settings_of_the_import() -> None:
    """A long list of settings above it would push it out of a window of 800 pixels."""
    assert getattr(TAR_PT_people, "bl_order", 0) < TAR_PT_retarget.bl_order < TAR_PT_sidebar.bl_order


def test_panel_is_shown_once_a_clip_is_imported() -> None:
    assert not TAR_PT_retarget.poll(bpy.context)
    imported = import_clip(walking_clip(), bpy.context, raw_options(figure="armature", show_video=False))
    mark_clip(imported.collection, ClipRecord("", {}))
    assert TAR_PT_retarget.poll(bpy.context)


def test_bone_list_is_shown_once_a_character_is_chosen() -> None:
    imported = import_clip(walking_clip(), bpy.context, raw_options(figure="armature", show_video=False))
    assert not TAR_PT_retarget_bones.poll(bpy.context)
    bpy.context.scene.tar_retarget.character = make_character(imported.people[0].armature, SMPL_BONES)
    assert TAR_PT_retarget_bones.poll(bpy.context)
