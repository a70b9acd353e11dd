"""Operators that set the floor by hand: people and camera move together."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.build import ImportedClip, import_clip
from tar_blender.scene.floor import lowest_foot
from tar_core.motion import MotionClip
from tests.support.animated_camera import animated_camera, import_in_world_of
from tests.support.import_options import raw_options
from tests.tar_blender.scene.test_body_mesh import evaluated_vertices


@pytest.fixture
def imported(addon: None, clip: MotionClip) -> ImportedClip:
    """A clip in front of a level camera at the origin."""
    return import_clip(clip, bpy.context, raw_options(on_ground=False, show_video=False))


def seen(imported: ImportedClip) -> np.ndarray:
    """Return the vertices of the first person in the camera frame."""
    camera = np.array(imported.camera.matrix_world.inverted())
    return evaluated_vertices(imported.people[0].body) @ camera[:3, :3].T + camera[:3, 3]


def test_lowest_foot_moves_to_the_floor(imported: ImportedClip) -> None:
    bpy.context.scene.frame_set(20)
    before = seen(imported)
    assert abs(lowest_foot(imported.collection, bpy.context.evaluated_depsgraph_get())) > 0.1
    assert bpy.ops.tar.feet_on_ground(clip=imported.collection.name) == {"FINISHED"}
    bpy.context.view_layer.update()
    assert abs(lowest_foot(imported.collection, bpy.context.evaluated_depsgraph_get())) < 1e-4
    np.testing.assert_allclose(seen(imported), before, atol=1e-4)


def test_armatures_without_bodies_move_to_the_floor(imported: ImportedClip) -> None:
    bpy.data.objects.remove(imported.people[0].body)
    bpy.ops.tar.feet_on_ground(clip=imported.collection.name)
    bpy.context.view_layer.update()
    bones = imported.people[0].armature.pose.bones
    assert min(bones[name].head.z for name in ("left_foot", "right_foot")) > -2
    assert abs(lowest_foot(imported.collection, bpy.context.evaluated_depsgraph_get())) < 1e-4


def test_frame_without_people_is_an_error(imported: ImportedClip) -> None:
    for person in imported.people:
        person.armature.hide_viewport = True
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="go to a frame"):
        bpy.ops.tar.feet_on_ground(clip=imported.collection.name)


def test_three_objects_define_the_floor(imported: ImportedClip) -> None:
    before = seen(imported)
    empties = []
    for position in ((0, 3, -1.0), (1, 4, -1.2), (-1, 5, -1.1)):
        bpy.ops.object.empty_add(location=position)
        empties.append(bpy.context.object)
    assert not bpy.ops.tar.floor_from_objects.poll()
    for empty in empties:
        empty.select_set(True)
    assert bpy.ops.tar.floor_from_objects(clip=imported.collection.name) == {"FINISHED"}
    bpy.context.view_layer.update()
    assert max(abs(empty.matrix_world.translation.z) for empty in empties) < 1e-5
    # The camera was at the origin, its height is its distance from the plane z = a x + b y + c.
    a, b, c = np.linalg.solve([[0, 3, 1], [1, 4, 1], [-1, 5, 1]], [-1.0, -1.2, -1.1])
    height = imported.camera.matrix_world.translation.z
    assert height == pytest.approx(-c / np.sqrt(a * a + b * b + 1), abs=1e-4)
    np.testing.assert_allclose(seen(imported), before, atol=1e-4)


def test_clips_in_the_world_of_an_animated_camera_are_not_moved(addon: None, tmp_path: Path) -> None:
    collection = import_in_world_of(animated_camera(), tmp_path)
    for obj in bpy.data.objects:
        obj.select_set(obj.name in ("Crane", "Aim", "Mine"))
    for operator in (bpy.ops.tar.feet_on_ground, bpy.ops.tar.floor_from_objects):
        with pytest.raises(RuntimeError, match="world of camera Mine"):
            operator(clip=collection.name)


@pytest.mark.parametrize("place", ["object", "none"])
def test_people_who_are_held_by_location_keys_are_refused(imported: ImportedClip, place: str) -> None:
    """The camera would move without them."""
    armature, camera = imported.people[0].armature, imported.camera
    bpy.context.view_layer.objects.active = armature
    bpy.ops.tar.move_travel(place=place)
    before = camera.matrix_world.copy()
    with pytest.raises(RuntimeError, match="set Travel to Pelvis"):
        bpy.ops.tar.feet_on_ground(clip=imported.collection.name)
    for index in range(3):
        marker = bpy.data.objects.new("Marker", None)
        bpy.context.scene.collection.objects.link(marker)
        marker.location = (index, index**2, 0.5)
    for obj in bpy.context.view_layer.objects:
        obj.select_set(obj.name.startswith("Marker"))
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="set Travel to Pelvis"):
        bpy.ops.tar.floor_from_objects(clip=imported.collection.name)
    bpy.context.view_layer.update()
    assert camera.matrix_world == before
    bpy.ops.tar.move_travel(place="pelvis")
    assert bpy.ops.tar.feet_on_ground(clip=imported.collection.name) == {"FINISHED"}
