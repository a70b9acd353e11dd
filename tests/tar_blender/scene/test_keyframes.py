"""The action of each person: every frame keyed, without jumps."""

import time
from typing import Any

import bpy
import numpy as np
import pytest

from tar_blender.scene.build import import_clip
from tar_blender.scene.keyframes import VISIBILITY
from tar_core.motion import MotionClip
from tar_core.skeleton import JOINT_NAMES
from tests.support.clips import synthetic_clip
from tests.support.import_options import raw_options

ROTATIONS = {f'pose.bones["{name}"].rotation_quaternion' for name in JOINT_NAMES}
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
    assert set(curves) == bones | {(name, 0) for name in VISIBILITY}
    for curve in map(curves.get, bones):
        np.testing.assert_array_equal(values_of(curve)[:, 0], clip.people[0].frames + 1)
        assert {point.interpolation for point in curve.keyframe_points} == {"LINEAR"}
        assert curve.group.name in curve.data_path


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


def test_people_are_visible_only_while_they_are_in_the_video() -> None:
    clip = synthetic_clip(people=2, frames=20)
    people = import_clip(clip, bpy.context, raw_options()).people
    for person, motion in zip(people, clip.people, strict=True):
        first, last = 1 + motion.frames[0], 1 + motion.frames[-1]
        for frame, there in ((first - 1, 0), (first, 1), (first + 7, 1), (last, 1), (last + 1, 0), (first - 3, 0)):
            bpy.context.scene.frame_set(int(frame))
            shown = {instance.object.original for instance in bpy.context.evaluated_depsgraph_get().object_instances}
            for obj in (person.armature, person.body):
                assert (obj in shown) == there, (obj.name, frame)
                assert obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).hide_render != there


def test_body_follows_the_visibility_keys_of_the_armature(clip: MotionClip) -> None:
    (person,) = import_clip(clip, bpy.context, raw_options()).people
    curve = curves_of(person.action)["hide_viewport", 0]
    curve.keyframe_points[1].co.x = 30
    curve.update()
    for frame, hidden in ((29, True), (30, False)):
        bpy.context.scene.frame_set(frame)
        assert person.armature.hide_viewport == person.body.hide_viewport == hidden


@pytest.mark.slow
def test_ten_thousand_frames_take_under_two_seconds() -> None:
    clip = synthetic_clip(frames=10_000)
    begin = time.process_time()
    import_clip(clip, bpy.context, raw_options())
    assert time.process_time() - begin < 2
