"""Operators of bone shapes."""

from pathlib import Path

import bpy
import pytest

from tar_blender.scene.control_shapes import ringed_bones


@pytest.mark.usefixtures("imported")
def test_shapes_are_added_to_one_person_and_removed() -> None:
    one, other = bpy.data.objects["Person 1"], bpy.data.objects["Person 2"]
    assert bpy.ops.tar.add_bone_shapes(person="Person 1") == {"FINISHED"}
    assert len(ringed_bones(one)) == len(one.pose.bones) and not ringed_bones(other)
    assert bpy.ops.tar.add_bone_shapes(person="Person 1") == {"CANCELLED"}
    bpy.ops.tar.reimport_clip(clip="Dance 01", smoothing=1.0)
    assert len(ringed_bones(one)) == len(one.pose.bones), "Re-import keeps them"
    assert bpy.ops.tar.remove_bone_shapes(person="Person 1") == {"FINISHED"}
    assert not ringed_bones(one)


@pytest.mark.usefixtures("imported")
def test_linked_person_is_refused(tmp_path: Path) -> None:
    file = str(tmp_path / "people.blend")
    bpy.data.libraries.write(file, {bpy.data.objects["Person 1"]})
    bpy.data.objects["Person 1"].name = "Local"
    with bpy.data.libraries.load(file, link=True) as (_, linked):
        linked.objects = ["Person 1"]
    assert bpy.data.objects["Person 1"].library is not None
    for operator in (bpy.ops.tar.add_bone_shapes, bpy.ops.tar.remove_bone_shapes):
        with pytest.raises(RuntimeError, match="is linked from"):
            operator(person="Person 1")
