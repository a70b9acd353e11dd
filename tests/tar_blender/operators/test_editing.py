"""Operators that edit the motion of the active person: ranges, refusals, and what they leave alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tar_blender.editing.motion_keys import captured_action, read_motion
from tar_blender.editing.root_motion import PLACES
from tests.support.bone_motions import apart

FIRST, LAST = 4, 64  # of the person in the scene


@pytest.fixture
def person(addon: None, motion_file: Path) -> bpy.types.Object:
    bpy.context.scene.tar_settings.figure = "armature"
    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    armature = bpy.data.objects["Person 1"]
    bpy.context.view_layer.objects.active = armature
    assert read_motion(armature).frames[[0, -1]].tolist() == [FIRST, LAST]
    return armature


def reimport(**settings: Any) -> None:
    assert bpy.ops.tar.reimport_clip(clip="Dance 01", figure="armature", **settings) == {"FINISHED"}


EDITS: dict[str, Callable[[], Any]] = {
    "swap": lambda: bpy.ops.tar.swap_sides(first=20, last=30, limbs="all"),
    "mirror": lambda: bpy.ops.tar.mirror_motion(),
    "take": lambda: bpy.ops.tar.take_range(first=20, last=30, source="Person 2", source_first=25),
    "trim": lambda: bpy.ops.tar.trim_motion(first=20, last=30),
    "loop": lambda: bpy.ops.tar.make_loop(first=10, last=50),
    "find loop": lambda: bpy.ops.tar.make_loop(first=10, last=60, find=True, shortest=0.5),
    "object": lambda: bpy.ops.tar.move_travel(place="object"),
    "in place": lambda: bpy.ops.tar.move_travel(place="none"),
    "layer": lambda: bpy.ops.tar.add_layer(),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_edits_change_this_person_alone(person: bpy.types.Object, edit: Callable[[], Any]) -> None:
    other = read_motion(bpy.data.objects["Person 2"])
    own = bpy.data.actions.new("Wave")
    assert edit() == {"FINISHED"}
    assert apart(read_motion(bpy.data.objects["Person 2"]), other) == 0
    assert own.name == "Wave"


def test_captured_motion_comes_back_with_a_new_import(person: bpy.types.Object) -> None:
    before = read_motion(person)
    bpy.ops.tar.make_loop(first=10, last=50)
    bpy.ops.tar.mirror_motion()
    assert apart(read_motion(person).part(20, 40), before.part(20, 40)) > 0.1
    reimport()
    assert apart(read_motion(person), before) < 1e-4


def test_range_outside_the_motion_is_refused_and_changes_nothing(person: bpy.types.Object) -> None:
    before, actions = read_motion(person), len(bpy.data.actions)
    for name in ("swap_sides", "trim_motion", "make_loop"):
        with pytest.raises(RuntimeError, match="frames 4 to 64"):
            getattr(bpy.ops.tar, name)(first=1, last=30)
    with pytest.raises(RuntimeError, match="hoose another imported person"):
        bpy.ops.tar.take_range(first=20, last=30, source="Person 1")
    assert apart(read_motion(person), before) == 0 and len(bpy.data.actions) == actions


@pytest.mark.usefixtures("person")
def test_nothing_is_edited_without_a_person() -> None:
    bpy.context.view_layer.objects.active = None
    for name in ("add_layer", "mirror_motion", "move_travel"):
        with pytest.raises(RuntimeError, match="Click a person"):
            getattr(bpy.ops.tar, name)()


@pytest.mark.parametrize("name", ["trim_motion", "make_loop"])
def test_whole_motion_is_kept_as_an_action(person: bpy.types.Object, name: str) -> None:
    assert getattr(bpy.ops.tar, name)(first=20, last=30) == {"FINISHED"}
    assert read_motion(person).frames.tolist() == list(range(20, 31))
    kept = bpy.data.actions["Person 1 Motion Whole"]
    assert tuple(kept.curve_frame_range) == (FIRST, LAST) and kept.use_fake_user
    assert captured_action(person)[0] != kept
    reimport()
    getattr(bpy.ops.tar, name)(first=20, last=30, keep=False)
    assert len([action for action in bpy.data.actions if "Whole" in action.name]) == 1


def test_loop_repeats_without_a_jump(person: bpy.types.Object) -> None:
    bpy.ops.tar.make_loop(first=10, last=50, blend=8)
    loop = read_motion(person)
    assert np.abs(loop.positions[0] - loop.positions[-1]).max() < 1e-5
    steps = np.diff(np.concatenate([loop.positions[:-1], loop.positions]), axis=0)
    changes = np.abs(np.diff(steps, axis=0)).max(1)
    assert changes[38:41].max() < 1.5 * np.delete(changes, [38, 39, 40]).max()


def test_layer_survives_a_new_import(person: bpy.types.Object) -> None:
    bpy.ops.tar.add_layer()
    layer = person.animation_data.action
    bpy.context.scene.frame_set(20)
    bone = person.pose.bones["head"]
    bone.rotation_quaternion = (0.9, 0.1, 0, 0)
    bone.keyframe_insert("rotation_quaternion")
    reimport(smoothing=1.0, start_frame=11)
    assert person.animation_data.action == layer and layer.curve_frame_range[0] == 20
    (strip,) = person.animation_data.nla_tracks[0].strips
    assert (strip.frame_start, strip.frame_end) == (FIRST + 10, LAST + 10)
    assert bpy.ops.tar.merge_layers() == {"FINISHED"}
    assert person.animation_data.action == captured_action(person)[0]


def test_travel_of_the_object_ends_with_a_new_import(person: bpy.types.Object) -> None:
    before = read_motion(person)
    for place in PLACES:
        bpy.ops.tar.move_travel(place=place)
    reimport()
    assert apart(read_motion(person), before) < 1e-4


def test_linked_people_are_refused(person: bpy.types.Object, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"), copy=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = [person.name]
    (linked,) = wanted.objects
    bpy.context.scene.collection.objects.link(linked)
    bpy.context.view_layer.objects.active = linked
    with pytest.raises(RuntimeError, match=r"linked from .*library\.blend"):
        bpy.ops.tar.mirror_motion()
