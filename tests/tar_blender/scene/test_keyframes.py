"""The action of each person: every frame keyed, without jumps."""

from typing import Any

import bpy
import numpy as np
import pytest

from tar_blender.scene.build import import_clip
from tar_core.motion import MotionClip
from tar_core.skeleton import HAND_JOINT_NAMES, JOINT_NAMES, NUM_BODY_JOINTS
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options

ROTATIONS = {f'pose.bones["{name}"].rotation_quaternion' for name in JOINT_NAMES[:NUM_BODY_JOINTS]}
FINGERS = {f'pose.bones["{name}"].rotation_quaternion' for name in HAND_JOINT_NAMES}
LOCATION = 'pose.bones["pelvis"].location'


def curves_of(action: bpy.types.Action) -> dict[tuple[str, int], Any]:
    if hasattr(action, "slots"):
        (slot,) = action.slots
        curves = action.layers[0].strips[0].channelbag(slot).fcurves
    else:
        curves = action.fcurves
    return {(curve.data_path, curve.array_index): curve for curve in curves}


def values_of(curve: Any) -> np.ndarray:
    keys = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", keys)
    return keys.reshape(-1, 2)


def test_every_bone_is_keyed_on_every_frame(clip: MotionClip) -> None:
    (person,) = import_clip(clip, bpy.context, raw_options()).people
    curves = curves_of(person.action)
    bones = {(path, i) for path in ROTATIONS for i in range(4)} | {(LOCATION, i) for i in range(3)}
    fingers = {(path, i) for path in FINGERS for i in range(4)}
    assert set(curves) == bones | fingers, "the action holds poses alone"
    frames = clip.people[0].frames + 1
    assert tuple(person.action.frame_range) == (frames[0], frames[-1])
    for curve in map(curves.get, bones):
        np.testing.assert_array_equal(values_of(curve)[:, 0], clip.people[0].frames + 1)
        assert {point.interpolation for point in curve.keyframe_points} == {"LINEAR"}
        assert curve.group.name in curve.data_path
    for curve in map(curves.get, fingers):
        assert values_of(curve)[:, 0] == frames[0], "fingers that were not captured are keyed once"


def test_quaternions_have_no_sign_changes(clip: MotionClip) -> None:
    """The people of the clip turn around more than once, so a naive conversion would change signs."""
    (person,) = import_clip(clip, bpy.context, raw_options()).people
    curves = curves_of(person.action)
    for path in ROTATIONS:
        quaternions = np.stack([values_of(curves[path, i])[:, 1] for i in range(4)], 1)
        np.testing.assert_allclose(np.linalg.norm(quaternions, axis=1), 1, atol=1e-5)
        assert np.linalg.norm(np.diff(quaternions, axis=0), axis=1).max() < 0.2
    root = values_of(curves['pose.bones["pelvis"].rotation_quaternion', 0])[:, 1]
    assert root.min() < 0 < root.max(), "the clip must contain a quaternion whose w changes its sign"


def test_each_person_has_their_own_action(clip: MotionClip) -> None:
    imported = import_clip(synthetic_clip(people=2), bpy.context, raw_options())
    first, second = imported.people
    assert first.action != second.action
    for person in (first, second):
        assert person.armature.animation_data.action == person.action
        positions = []
        for frame in (20, 40):
            bpy.context.scene.frame_set(frame)
            positions.append(np.array(person.armature.pose.bones["pelvis"].head))
        assert np.linalg.norm(positions[1] - positions[0]) > 0.1


def is_shown(obj: bpy.types.Object, frame: int) -> bool:
    bpy.context.scene.frame_set(int(frame))
    shown = {instance.object.original for instance in bpy.context.evaluated_depsgraph_get().object_instances}
    assert obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).hide_render == (obj not in shown)
    return obj in shown


def test_people_are_hidden_while_only_others_are_in_the_video() -> None:
    clip = synthetic_clip(people=2, frames=20)
    people = import_clip(clip, bpy.context, raw_options()).people
    ends = [(1 + int(motion.frames[0]), 1 + int(motion.frames[-1])) for motion in clip.people]
    begin, end = min(first for first, _ in ends), max(last for _, last in ends)
    assert ends[0] != ends[1], "they must come and go at different times"
    for person, (first, last) in zip(people, ends, strict=True):
        for obj in (person.armature, person.body):
            for frame in (begin - 5, begin, first - 1, first, first + 7, last, last + 1, end, end + 5):
                assert is_shown(obj, frame) == (first <= frame <= last or not begin <= frame <= end), (obj.name, frame)


def test_a_person_who_is_always_there_has_no_drivers(clip: MotionClip) -> None:
    (person,) = import_clip(clip, bpy.context, raw_options()).people
    assert not person.armature.animation_data.drivers


def test_a_repeated_strip_shows_the_person() -> None:
    clip = synthetic_clip(people=2, frames=20)
    armature = import_clip(clip, bpy.context, raw_options()).people[0].armature
    action = armature.animation_data.action
    strip = armature.animation_data.nla_tracks.new().strips.new("Dance", int(action.frame_range[0]), action)
    armature.animation_data.action = None
    strip.repeat = 3
    assert strip.frame_end - strip.frame_start == pytest.approx(3 * (action.frame_range[1] - action.frame_range[0]))
    assert is_shown(armature, int(strip.frame_end) - 2)
