"""Operators of the people list."""

from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from tar_blender.scene.metadata import imported_clips, uncertain_ranges_of
from tar_core.cleanup.uncertainty import UncertainRange
from tar_core.skeleton import JOINT_NAMES
from tests.support.clips import synthetic_clip

pytestmark = pytest.mark.usefixtures("imported")


def test_select_person_leaves_pose_mode_and_deselects_the_others() -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    bpy.ops.object.mode_set(mode="POSE")
    bpy.context.scene.frame_set(20)  # Person 2 enters late, and hidden objects cannot be selected
    bpy.ops.tar.select_person(person="Person 2")
    assert bpy.context.view_layer.objects.active.name == "Person 2"
    assert [obj.name for obj in bpy.context.selected_objects] == ["Person 2"]


def test_uncertain_ranges_are_in_scene_frames_and_can_be_shown(tmp_path: Path) -> None:
    clip = synthetic_clip()
    (person,) = clip.people
    person.joint_errors[20:40, JOINT_NAMES.index("left_wrist")] = 0.5
    clip.save(tmp_path / "uncertain.npz")
    bpy.context.scene.tar_settings.start_frame = 101
    bpy.ops.tar.import_motion_file(filepath=str(tmp_path / "uncertain.npz"))
    armature = bpy.data.objects["Person 1.001"]
    first = 101 + int(person.frames[20])
    assert uncertain_ranges_of(armature) == [UncertainRange("left arm uncertain", first, first + 19)]
    bpy.ops.tar.show_frame(frame=first)
    assert bpy.context.scene.frame_current == first
    assert uncertain_ranges_of(bpy.data.objects["Person 1"]) == []


@pytest.mark.parametrize("what", ["Left arm uncertain", ""])
def test_the_tooltip_of_a_range_tells_what_a_narrow_sidebar_cuts_off(what: str) -> None:
    button = bpy.types.TAR_OT_show_frame
    tooltip = button.description(bpy.context, SimpleNamespace(what=what))
    assert tooltip.split("\n")[0] == (f"{what}." if what else button.__doc__)
    assert tooltip.endswith(button.__doc__)


def test_hide_person_toggles_the_body_too() -> None:
    bpy.context.scene.frame_set(20)
    body = bpy.data.objects["Person 1 Body"]
    bpy.ops.tar.hide_person(person="Person 1")
    assert not body.visible_get()
    bpy.ops.tar.hide_person(person="Person 1")
    assert body.visible_get()


def test_people_outside_the_view_layer_are_refused_in_one_line(imported: bpy.types.Collection) -> None:
    bpy.context.view_layer.layer_collection.children[imported.name].exclude = True
    for operator in (bpy.ops.tar.select_person, bpy.ops.tar.hide_person):
        with pytest.raises(RuntimeError, match="enable its collection") as error:
            operator(person="Person 1")
        assert "Traceback" not in str(error.value)


def test_delete_person_in_pose_mode() -> None:
    bpy.context.scene.frame_set(20)
    bpy.context.view_layer.objects.active = bpy.data.objects["Person 1"]
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.tar.delete_person(person="Person 1")
    assert sorted(bpy.data.objects.keys()) == ["Person 2", "Person 2 Body", "TAR Camera"]


def hat(parent: str) -> bpy.types.Object:
    """An object of the user, with a child and an action, on a person's head."""
    obj = bpy.data.objects.new("Hat", bpy.data.meshes.new("Hat"))
    feather = bpy.data.objects.new("Feather", None)
    for one in (obj, feather):
        bpy.context.scene.collection.objects.link(one)
    feather.parent = obj
    obj.keyframe_insert("scale", frame=5)
    obj.parent, obj.parent_type, obj.parent_bone = bpy.data.objects[parent], "BONE", "head"
    bpy.context.view_layer.update()
    return obj


def test_objects_of_the_user_stay_in_place_when_a_person_is_deleted() -> None:
    bpy.context.scene.frame_set(20)
    mine = hat("Person 1")
    on_body = bpy.data.objects.new("Badge", None)
    bpy.context.scene.collection.objects.link(on_body)
    on_body.parent, on_body.location = bpy.data.objects["Person 1 Body"], (1, 2, 3)
    material = bpy.data.materials.new("My Skin")
    bpy.data.objects["Person 1 Body"].data.materials[0] = material
    bpy.context.view_layer.update()
    places = {obj: obj.matrix_world.copy() for obj in (mine, mine.children[0], on_body)}
    bpy.ops.tar.delete_person(person="Person 1")
    bpy.context.view_layer.update()
    assert "Person 1" not in bpy.data.objects and "Person 1 Body" not in bpy.data.objects
    for obj, place in places.items():
        np.testing.assert_allclose(obj.matrix_world, place, atol=1e-5)
    assert mine.animation_data.action is not None and mine.children[0].name == "Feather"
    assert "My Skin" in bpy.data.materials


def test_objects_of_the_user_in_the_clip_are_kept(imported: bpy.types.Collection) -> None:
    props = bpy.data.collections.new("Props")
    for collection, name in ((imported, "Chair"), (props, "Table")):
        collection.objects.link(bpy.data.objects.new(name, None))
    imported.children.link(props)
    bpy.ops.tar.delete_clip(clip=imported.name)
    assert [obj.name for obj in bpy.context.scene.objects] == ["Chair", "Table"]
    assert bpy.data.objects["Table"].users_collection == (props,)


def test_people_of_a_file_of_an_older_version_are_deleted_with_their_body(imported: bpy.types.Collection) -> None:
    for obj in bpy.data.objects:
        if "tar_part" in obj:
            del obj["tar_part"]
    bpy.ops.tar.delete_clip(clip=imported.name)
    assert not bpy.data.objects


def test_linked_clips_are_refused(imported: bpy.types.Collection, tmp_path: Path) -> None:
    bpy.data.libraries.write(str(tmp_path / "other.blend"), {imported})
    name = imported.name
    bpy.ops.tar.delete_clip(clip=name)
    with bpy.data.libraries.load(str(tmp_path / "other.blend"), link=True) as (_, wanted):
        wanted.collections = [name]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    before = len(bpy.data.objects)
    for operator, given in (
        (bpy.ops.tar.delete_clip, {"clip": name}),
        (bpy.ops.tar.reimport_clip, {"clip": name}),
        (bpy.ops.tar.delete_person, {"person": "Person 1"}),
    ):
        with pytest.raises(RuntimeError, match=r"is linked from .*other\.blend; change it there, or make it local"):
            operator("EXEC_DEFAULT", **given)
    assert len(bpy.data.objects) == before


def test_view_camera_and_delete_clip(imported: bpy.types.Collection) -> None:
    bpy.context.scene.camera = None
    bpy.ops.tar.view_camera(clip=imported.name)
    assert bpy.context.scene.camera.name == "TAR Camera"
    bpy.ops.tar.delete_clip(clip=imported.name)
    assert not bpy.data.objects and not bpy.data.actions and not imported_clips(bpy.context.scene)


def test_deleted_camera_is_an_error(imported: bpy.types.Collection) -> None:
    bpy.data.objects.remove(bpy.data.objects["TAR Camera"])
    with pytest.raises(RuntimeError, match="re-import the clip"):
        bpy.ops.tar.view_camera(clip=imported.name)


def test_startup_cube_is_hidden_in_the_viewport_and_in_renders(imported: bpy.types.Collection) -> None:
    bpy.ops.mesh.primitive_cube_add()
    startup = bpy.context.object
    assert bpy.ops.tar.hide_cube() == {"FINISHED"}
    assert not startup.visible_get() and startup.hide_render
    assert bpy.ops.tar.hide_cube() == {"CANCELLED"}
