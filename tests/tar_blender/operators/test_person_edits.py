"""Corrections of a person: foot contacts, height and floor, computed again from the capture."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.contacts import contacts_of
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.metadata import edits_of
from tar_blender.scene.reshape import rest_height
from tar_core.edits import ContactRange, PersonEdits


def values(name: str) -> dict[tuple[str, int], np.ndarray]:
    """The keys of a person's curves, [N, 2] each."""
    return {
        (curve.data_path, curve.array_index): np.array([point.co for point in curve.keyframe_points])
        for curve in curves_of(bpy.data.objects[name])
    }


def changed_frames(before: dict, after: dict) -> np.ndarray:
    """Scene frames in which any key has another value."""
    assert before.keys() == after.keys()
    different = [old[np.abs(old - after[key]).max(1) > 1e-5, 0] for key, old in before.items()]
    return np.unique(np.concatenate(different))


def test_foot_contacts_are_keyed_beside_the_poses(imported: bpy.types.Collection) -> None:
    armature = bpy.data.objects["Person 1"]
    first, contacts = contacts_of(armature)
    assert (first, first + len(contacts) - 1) == tuple(armature.animation_data.action.curve_frame_range)
    assert {path for path, _ in values("Person 1")} & {'["Left Foot Contact"]'} == set()
    action = armature.data.animation_data.action
    assert action.name == "Person 1 Contacts"
    for number, curve in enumerate(curves_of(armature.data)):
        evaluated = [curve.evaluate(frame) for frame in range(first, first + len(contacts))]
        np.testing.assert_array_equal(evaluated, contacts[:, number])
    assert action.curve_frame_range.x == first
    bpy.ops.tar.delete_person(person="Person 1")
    assert "Person 1 Contacts" not in bpy.data.actions


def test_a_locked_foot_changes_this_person_only(imported: bpy.types.Collection) -> None:
    before, other = values("Person 1"), values("Person 2")
    assert bpy.ops.tar.set_contact(person="Person 1", effector="left_foot", contact="lock", first=14, last=18) == {
        "FINISHED"
    }
    armature = bpy.data.objects["Person 1"]
    assert edits_of(armature).contacts == (ContactRange("left_foot", 13, 17, True),)
    first, contacts = contacts_of(armature)
    assert contacts[14 - first : 19 - first, 0].all()
    changed = changed_frames(before, values("Person 1"))
    assert len(changed) and set(range(14, 19)) & set(changed)
    assert not len(changed_frames(other, values("Person 2")))
    types = {point.type for curve in curves_of(armature.data) for point in curve.keyframe_points}
    assert "EXTREME" in types
    bpy.ops.tar.set_contact(person="Person 1", effector="left_foot", contact="found", first=14, last=18)
    assert edits_of(armature) == PersonEdits() and not len(changed_frames(before, values("Person 1")))


def test_reimport_keeps_the_edits(imported: bpy.types.Collection) -> None:
    bpy.ops.tar.set_contact(person="Person 1", effector="right_foot", contact="release", first=10, last=20)
    edited = values("Person 1")
    assert bpy.ops.tar.reimport_clip(clip=imported.name) == {"FINISHED"}
    assert len(edits_of(bpy.data.objects["Person 1"]).contacts) == 1
    assert not len(changed_frames(edited, values("Person 1")))


def test_moved_contact_keys_are_used(imported: bpy.types.Collection) -> None:
    armature = bpy.data.objects["Person 1"]
    curve = next(curve for curve in curves_of(armature.data) if "Left" in curve.data_path)
    for point in list(curve.keyframe_points)[::-1]:
        curve.keyframe_points.remove(point)
    for frame, value in ((4, 0), (20, 1), (25, 0)):
        curve.keyframe_points.insert(frame, value).interpolation = "CONSTANT"
    assert bpy.ops.tar.use_contact_keys(person="Person 1") == {"FINISHED"}
    first, contacts = contacts_of(armature)
    np.testing.assert_array_equal(np.flatnonzero(contacts[:, 0]) + first, np.arange(20, 25))


def test_height_of_a_copy_is_refused(imported: bpy.types.Collection) -> None:
    copy = bpy.data.objects["Person 1"].copy()
    imported.objects.link(copy)
    before = values("Person 1")
    with pytest.raises(RuntimeError, match="Person 1.001 is a copy of Person 1"):
        bpy.ops.tar.set_height(person=copy.name, height=190)
    after = values("Person 1")
    assert not len(changed_frames(before, after)) and edits_of(bpy.data.objects["Person 1"]).height is None
    assert bpy.ops.tar.set_height(person="Person 1", height=190) == {"FINISHED"}


def test_known_height_changes_armature_and_body(imported: bpy.types.Collection) -> None:
    armature, body = bpy.data.objects["Person 1"], bpy.data.objects["Person 1 Body"]
    hat = bpy.data.objects.new("Hat", None)
    hat.parent = armature
    assert bpy.ops.tar.set_height(person="Person 1", height=190) == {"FINISHED"}
    heights = [vertex.co.z for vertex in body.data.vertices]
    assert max(heights) - min(heights) == pytest.approx(1.9, abs=0.002)
    assert rest_height(armature) == pytest.approx(1.9, abs=0.002)
    assert edits_of(armature).height == pytest.approx(1.9)
    head = armature.data.bones["head"].head_local.z
    assert bpy.ops.tar.set_height(person="Person 1", height=160) == {"FINISHED"}
    assert armature.data.bones["head"].head_local.z < 0.9 * head
    assert hat.parent == armature and armature.name == "Person 1"


def test_range_is_solved_again_and_other_keys_stay(imported: bpy.types.Collection) -> None:
    captured = values("Person 1")
    action = bpy.data.objects["Person 1"].animation_data.action
    for curve in curves_of(bpy.data.objects["Person 1"]):
        for point in curve.keyframe_points:
            point.co[1] += 0.01
    edited = values("Person 1")
    assert bpy.ops.tar.resolve_range(person="Person 1", first=20, last=30, blend=3) == {"FINISHED"}
    after = values("Person 1")
    assert bpy.data.objects["Person 1"].animation_data.action == action
    assert set(changed_frames(edited, after)) == set(range(17, 34))
    path = ('pose.bones["pelvis"].location', 0)
    inside = (captured[path][:, 0] >= 20) & (captured[path][:, 0] <= 30)
    np.testing.assert_allclose(after[path][inside], captured[path][inside], atol=1e-5)
    with pytest.raises(RuntimeError, match="outside the motion"):
        bpy.ops.tar.resolve_range(person="Person 1", first=900, last=910)


def test_missing_motion_is_refused_and_nothing_changes(imported: bpy.types.Collection, motion_file: Path) -> None:
    motion_file.unlink()
    before = values("Person 1")
    with pytest.raises(RuntimeError, match="no longer in the cache"):
        bpy.ops.tar.set_contact(person="Person 1", effector="left_foot", contact="lock", first=14, last=18)
    with pytest.raises(RuntimeError, match="no longer in the cache"):
        bpy.ops.tar.stand_on_floor(person="Person 1")
    assert not len(changed_frames(before, values("Person 1")))
    assert edits_of(bpy.data.objects["Person 1"]) == PersonEdits()


@pytest.mark.parametrize("record", ["{", '{"height": 99}', '{"contacts": 1}', 7])
def test_damaged_edits_are_ignored(imported: bpy.types.Collection, record: object) -> None:
    armature = bpy.data.objects["Person 1"]
    armature["tar_edits"] = record
    assert edits_of(armature) == PersonEdits()
    assert bpy.ops.tar.reimport_clip(clip=imported.name) == {"FINISHED"}
