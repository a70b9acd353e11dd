"""Bodies in the scene while a recording runs. tests/support/window_import_steps.py shows them in a real window."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.scene.live_people import COLLECTION, MOST_PEOPLE, remove_live_people, show_live_people
from tar_blender.util.blender_types import pose_bones
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.preview import LiveBody, Preview
from tar_core.skeleton import JOINT_NAMES, NUM_BODY_JOINTS, NUM_JOINTS, pose_skeleton


@pytest.fixture(autouse=True)
def removed() -> Iterator[None]:
    yield
    remove_live_people()


def preview_of(bodies: dict[int, LiveBody]) -> Preview:
    return Preview(0, 64, 48, {}, 1.0, bodies)


def live_body(seed: int, x: float = 0.0) -> LiveBody:
    poses = np.random.default_rng(seed).normal(0, 0.4, (NUM_JOINTS, 3))
    return LiveBody(tuple(map(tuple, poses.tolist())), (x, 3.0, 0.9))


def heads(armature: bpy.types.Object) -> np.ndarray:
    """[22, 3] the joints of the body as Blender poses them, in the world."""
    bpy.context.view_layer.update()
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([pose_bones(posed)[name].head for name in JOINT_NAMES[:NUM_BODY_JOINTS]])


def armatures() -> list[bpy.types.Object]:
    return [obj for obj in bpy.data.objects if obj.type == "ARMATURE"]


@pytest.mark.parametrize("seed", [0, 1])
def test_bones_are_where_the_joints_are(seed: int) -> None:
    body = live_body(seed)
    show_live_people(bpy.context, preview_of({5: body}))
    (armature,) = armatures()
    joints = pose_skeleton(np.array(body.poses)[None], rest_joints(load_body(), np.zeros(10)))[1][0]
    expected = joints - joints[0] + body.pelvis
    np.testing.assert_allclose(heads(armature), expected[:NUM_BODY_JOINTS], atol=1e-4)
    show_live_people(bpy.context, preview_of({5: live_body(7, 1.0)}))
    assert armatures() == [armature] and armature.animation_data is None, "posed again, without keys"
    np.testing.assert_allclose(heads(armature)[0], (1.0, 3.0, 0.9), atol=1e-5)


def test_people_who_are_not_seen_are_hidden_and_replaced_by_new_ones() -> None:
    show_live_people(bpy.context, preview_of({1: live_body(0), 2: live_body(1)}))
    first, second = armatures()
    show_live_people(bpy.context, preview_of({2: live_body(1)}))
    assert first.hide_viewport and first.children[0].hide_viewport and not second.hide_viewport
    show_live_people(bpy.context, preview_of({1: live_body(2), 2: live_body(1)}))
    assert armatures() == [first, second] and not first.hide_viewport, "the same person again"
    show_live_people(bpy.context, preview_of({2: live_body(1), 9: live_body(2)}))
    assert {armature.name for armature in armatures()} == {"Live Person 2", "Live Person 9"}
    show_live_people(bpy.context, preview_of({}))
    assert all(armature.hide_viewport for armature in armatures())


def test_number_of_bodies_is_limited() -> None:
    show_live_people(bpy.context, preview_of({track: live_body(track) for track in range(MOST_PEOPLE + 2)}))
    assert len(armatures()) == MOST_PEOPLE


def test_nothing_is_built_outside_object_mode() -> None:
    armature = bpy.data.objects.new("Mine", bpy.data.armatures.new("Mine"))
    bpy.context.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    show_live_people(bpy.context, preview_of({1: live_body(0)}))
    assert bpy.context.mode == "EDIT_ARMATURE" and armatures() == [armature]
    bpy.ops.object.mode_set(mode="OBJECT")


def test_only_what_was_made_for_the_preview_is_removed() -> None:
    before = {kind: set(getattr(bpy.data, kind)) for kind in ("armatures", "meshes", "materials", "collections")}
    show_live_people(bpy.context, preview_of({1: live_body(0)}))
    (armature,) = armatures()
    prop = bpy.data.objects.new("Hat", None)
    bpy.context.collection.objects.link(prop)
    prop.parent = armature
    remove_live_people()
    assert [obj.name for obj in bpy.data.objects] == ["Hat"]
    assert {kind: set(getattr(bpy.data, kind)) for kind in before} == before


def test_a_copy_stays() -> None:
    show_live_people(bpy.context, preview_of({1: live_body(0)}))
    (armature,) = armatures()
    copy = armature.copy()
    bpy.data.collections[COLLECTION].objects.link(copy)
    name = copy.name
    show_live_people(bpy.context, preview_of({1: live_body(1)}))
    remove_live_people()
    assert [obj.name for obj in bpy.data.objects] == [name] and COLLECTION in bpy.data.collections


@pytest.mark.usefixtures("addon")
def test_bodies_in_a_file_that_was_saved_during_a_recording_are_removed(tmp_path: Path) -> None:
    show_live_people(bpy.context, preview_of({1: live_body(0)}))
    bpy.context.collection.objects.link(bpy.data.objects.new("Mine", None))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "take.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "take.blend"))
    assert [obj.name for obj in bpy.data.objects] == ["Mine"] and COLLECTION not in bpy.data.collections


def test_linked_bodies_stay(tmp_path: Path) -> None:
    show_live_people(bpy.context, preview_of({1: live_body(0)}))
    file = str(tmp_path / "take.blend")
    bpy.data.libraries.write(file, {bpy.data.collections[COLLECTION]})
    remove_live_people()
    with bpy.data.libraries.load(file, link=True) as (_, linked):
        linked.collections = [COLLECTION]
    remove_live_people()
    assert [obj.library is None for obj in armatures()] == [False]
