"""The operator Create Motion Asset."""

from pathlib import Path

import bpy
import pytest


@pytest.fixture
def person(addon: None, motion_file: Path) -> bpy.types.Object:
    bpy.context.scene.tar_settings.figure = "armature"
    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    armature = bpy.data.objects["Person 1"]
    bpy.context.view_layer.objects.active = armature
    return armature


def test_motion_and_poses_at_markers(person: bpy.types.Object) -> None:
    for name, frame in (("Jump", 20), ("Later", 500)):
        bpy.context.scene.timeline_markers.new(name, frame=frame)
    assert bpy.ops.tar.create_motion_asset(poses=True) == {"FINISHED"}
    made = {action.name for action in bpy.data.actions if action.asset_data is not None}
    assert made == {"Dance 01 Person 1", "Dance 01 Person 1 Jump"}
    about = bpy.data.actions["Dance 01 Person 1"].asset_data.description
    assert about == "61 frames at 29.97 frames per second (2.0 s), captured: Dance 01 Person 1"
    assert bpy.ops.tar.create_motion_asset(name="Twirl") == {"FINISHED"}
    assert bpy.data.actions["Twirl"].asset_data is not None


def test_person_without_motion_is_refused(person: bpy.types.Object) -> None:
    person.animation_data_clear()
    with pytest.raises(RuntimeError, match="no captured motion"):
        bpy.ops.tar.create_motion_asset()
