"""Actions and F-curves in the version of Blender that runs the tests."""

import bpy
import numpy as np
import pytest

from tar_blender.scene.fcurves import (
    add_driver,
    curves_of,
    new_action,
    write_bone_curves,
    write_curves,
)

FRAMES = np.array([3, 4, 7])


@pytest.fixture
def empty() -> bpy.types.Object:
    created = bpy.data.objects.new("Empty", None)
    bpy.context.scene.collection.objects.link(created)
    return created


def keys_of(curve: bpy.types.FCurve) -> np.ndarray:
    """Return frames and values of the keys, [N, 2]."""
    return np.array([tuple(point.co) for point in curve.keyframe_points])


def test_new_action_is_empty_and_assigned(empty: bpy.types.Object) -> None:
    assert list(curves_of(empty)) == [], "no animation data yet"
    action, _ = new_action(empty, "Motion")
    assert empty.animation_data.action == action and action.name == "Motion"
    assert list(curves_of(empty)) == []


def test_written_curves_move_the_object(empty: bpy.types.Object) -> None:
    _, channels = new_action(empty, "Motion")
    values = np.array([[0.0, 1, 2], [3, 4, 5], [6, 7, 8]])
    write_curves(channels, "Path", "location", FRAMES, values)
    curves = list(curves_of(empty))
    assert [(curve.data_path, curve.array_index) for curve in curves] == [("location", index) for index in range(3)]
    for index, curve in enumerate(curves):
        np.testing.assert_array_equal(keys_of(curve), np.stack([FRAMES, values[:, index]], 1))
        assert curve.group.name == "Path"
        assert {point.interpolation for point in curve.keyframe_points} == {"LINEAR"}
        assert {point.handle_left_type for point in curve.keyframe_points} == {"AUTO_CLAMPED"}
        assert {point.handle_right_type for point in curve.keyframe_points} == {"AUTO_CLAMPED"}
    bpy.context.scene.frame_set(4)
    np.testing.assert_allclose(empty.location, [3, 4, 5])
    bpy.context.scene.frame_set(5)
    np.testing.assert_allclose(empty.location, [4, 5, 6], err_msg="linear from frame 4 to 7")


def test_curves_of_one_group_share_it(empty: bpy.types.Object) -> None:
    _, channels = new_action(empty, "Motion")
    write_curves(channels, "Path", "location", FRAMES, np.zeros((3, 3)))
    write_curves(channels, "Path", "scale", FRAMES, np.ones((3, 3)))
    assert [group.name for group in channels.groups] == ["Path"]


def test_bone_curves_are_grouped_by_bone() -> None:
    bpy.ops.object.armature_add()
    armature = bpy.context.object
    armature.pose.bones["Bone"].rotation_mode = "QUATERNION"
    _, channels = new_action(armature, "Motion")
    write_bone_curves(channels, "Bone", "rotation_quaternion", FRAMES, np.tile([0.0, 1, 0, 0], (3, 1)))
    curves = list(curves_of(armature))
    assert {curve.data_path for curve in curves} == {'pose.bones["Bone"].rotation_quaternion'}
    assert {curve.group.name for curve in curves} == {"Bone"}
    bpy.context.scene.frame_set(4)
    assert tuple(armature.pose.bones["Bone"].rotation_quaternion) == (0, 1, 0, 0)


def test_objects_and_camera_data_are_animated_separately() -> None:
    data = bpy.data.cameras.new("Camera")
    camera = bpy.data.objects.new("Camera", data)
    bpy.context.scene.collection.objects.link(camera)
    _, path = new_action(camera, "Path")
    write_curves(path, "Path", "location", FRAMES, np.tile([[1.0, 2, 3]], (3, 1)))
    _, zoom = new_action(data, "Zoom")
    write_curves(zoom, "Zoom", "lens", FRAMES, np.array([[20.0], [30], [60]]))
    assert {curve.data_path for curve in curves_of(camera)} == {"location"}
    assert {curve.data_path for curve in curves_of(data)} == {"lens"}
    bpy.context.scene.frame_set(4)
    assert data.lens == 30 and tuple(camera.location) == (1, 2, 3)


def test_second_action_replaces_the_first(empty: bpy.types.Object) -> None:
    first, channels = new_action(empty, "First")
    write_curves(channels, "Path", "location", FRAMES, np.ones((3, 3)))
    second, channels = new_action(empty, "Second")
    write_curves(channels, "Path", "scale", FRAMES, np.ones((3, 3)))
    assert empty.animation_data.action == second != first
    assert {curve.data_path for curve in curves_of(empty)} == {"scale"}


def test_driver_is_added_to_a_property(empty: bpy.types.Object) -> None:
    driver = add_driver(empty, "hide_render")
    assert [curve.driver for curve in empty.animation_data.drivers] == [driver]
