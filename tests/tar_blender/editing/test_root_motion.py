"""Travel in the pelvis, in the object, or nowhere."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from mathutils import Euler

from tar_blender.editing.motion_keys import captured_action, read_motion, write_motion
from tar_blender.editing.root_motion import move_travel
from tar_blender.retarget.skeleton_motion import person_motion
from tar_blender.scene.fcurves import curves_of, write_curves
from tar_blender.scene.travel import has_travel
from tar_core.errors import TarError
from tests.support.bone_motions import apart


def place(walker: bpy.types.Object) -> None:
    parent = bpy.data.objects.new("Stage", None)
    bpy.context.collection.objects.link(parent)
    parent.rotation_euler, parent.location = Euler((0, 0, 1)), (0, 4, 0)
    walker.parent = parent
    walker.location, walker.rotation_euler = (1, 2, 3), Euler((0.1, 0.2, 0.3))
    bpy.context.view_layer.update()


def pelvis_path(armature: bpy.types.Object) -> np.ndarray:
    points = []
    for frame in range(1, 49):
        bpy.context.scene.frame_set(frame)
        points.append(armature.matrix_world @ armature.pose.bones["pelvis"].head)
    return np.array(points)


def test_object_carries_the_travel(walker: bpy.types.Object) -> None:
    place(walker)
    motion, before = read_motion(walker), pelvis_path(walker)
    move_travel(walker, "object")
    np.testing.assert_allclose(pelvis_path(walker), before, atol=1e-5)
    np.testing.assert_allclose(person_motion(walker).positions["pelvis"], before, atol=1e-5)
    origins = []
    for frame in (1, 24, 48):
        bpy.context.scene.frame_set(frame)
        origins.append(walker.matrix_world.translation.copy())
    travel = motion.positions[[0, 23, 47]] - motion.positions[0]
    np.testing.assert_allclose(np.array(origins) - origins[0], travel * [1, 1, 0], atol=1e-5)
    np.testing.assert_allclose(np.array(origins)[:, :2], before[[0, 23, 47], :2], atol=1e-5, err_msg="below the pelvis")


def test_in_place_keeps_only_the_height(walker: bpy.types.Object) -> None:
    place(walker)
    before = pelvis_path(walker)
    move_travel(walker, "none")
    after = pelvis_path(walker)
    np.testing.assert_allclose(after[:, 2], before[:, 2], atol=1e-5)
    np.testing.assert_allclose(after[:, :2] - before[0, :2], 0, atol=1e-5)
    np.testing.assert_allclose(walker.matrix_world.translation[:2], before[0, :2], atol=1e-5)


@pytest.mark.parametrize("where", ["object", "none"])
def test_travel_comes_back(walker: bpy.types.Object, where: str) -> None:
    place(walker)
    motion, location = read_motion(walker), walker.location.copy()
    for each in (where, "object", "none", where, "pelvis"):
        bpy.context.scene.frame_set(30)
        move_travel(walker, each)
    assert apart(read_motion(walker), motion) < 1e-4
    assert (walker.location - location).length < 1e-6
    assert not has_travel(captured_action(walker)[1])


@pytest.mark.parametrize("record", [None, "text", [1.0], [float("nan")] * 3])
def test_travel_of_a_file_without_a_record_begins_at_its_first_key(walker: bpy.types.Object, record: object) -> None:
    """As in files of older versions, in which the object kept its place at the first frame."""
    motion = read_motion(walker)
    travel = (motion.positions - motion.positions[0]) * [1, 1, 0]
    write_motion(walker, replace(motion, positions=motion.positions - travel))
    _, channels = captured_action(walker)
    write_curves(channels, "Travel", "location", motion.frames, travel + [0.0, 0.0, 0.0])
    if record is not None:
        walker["tar_travel_start"] = record
    move_travel(walker, "pelvis")
    assert apart(read_motion(walker), motion) < 1e-4 and walker.location.length < 1e-6


def test_own_location_keys_of_the_object_stay(walker: bpy.types.Object) -> None:
    _, channels = captured_action(walker)
    write_curves(channels, "Object Transforms", "location", np.array([1, 9]), np.zeros((2, 3)))
    with pytest.raises(TarError, match="location keys of its own"):
        move_travel(walker, "object")
    assert sum(curve.data_path == "location" for curve in curves_of(walker)) == 3


def test_reading_with_travel_in_the_object_is_refused(walker: bpy.types.Object) -> None:
    move_travel(walker, "object")
    with pytest.raises(TarError, match="set Travel to Pelvis"):
        read_motion(walker)
