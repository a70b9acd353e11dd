"""Changes that fail leave nothing behind. Interrupted imports are tested in test_build.py."""

import bpy
import pytest

from tar_blender.scene.all_or_nothing import all_or_nothing


def test_only_what_a_failed_block_added_is_removed(empty_scene: None) -> None:
    bpy.data.meshes.new("Mine")
    with pytest.raises(ZeroDivisionError), all_or_nothing():
        bpy.data.objects.new("Added", bpy.data.meshes.new("Added"))
        raise ZeroDivisionError
    assert bpy.data.meshes.keys() == ["Mine"] and not bpy.data.objects


def test_what_a_completed_block_added_stays(empty_scene: None) -> None:
    with all_or_nothing():
        bpy.data.meshes.new("Added")
    assert bpy.data.meshes.keys() == ["Added"]
