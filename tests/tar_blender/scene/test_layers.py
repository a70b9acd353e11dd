"""Layers: keys that are added to the captured motion."""

import bpy
import numpy as np
import pytest
from mathutils import Euler, Quaternion

from tar_blender.editing.layer_merging import merge_layers
from tar_blender.editing.motion_keys import captured_action, read_motion, write_motion
from tar_blender.retarget.skeleton_motion import person_motion
from tar_blender.scene.fcurves import curves_of
from tar_blender.scene.layers import add_layer, fit_layers, is_layered, remove_layers
from tar_core.errors import TarError

HEAD = 'pose.bones["head"].rotation_quaternion'
OFFSET = Euler((0.4, 0, 0)).to_quaternion()


def shown_rotations(armature: bpy.types.Object, frames: range) -> list[Quaternion]:
    found = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        found.append(armature.pose.bones["head"].rotation_quaternion.normalized())
    return found


def key_head(armature: bpy.types.Object, frame: int) -> None:
    """Turn the head and key it, as an animator does."""
    bpy.context.scene.frame_set(frame)
    bone = armature.pose.bones["head"]
    bone.rotation_quaternion = bone.rotation_quaternion @ OFFSET
    bone.keyframe_insert("rotation_quaternion")


def test_new_layer_changes_nothing(walker: bpy.types.Object) -> None:
    frames = range(1, 49, 7)
    before = shown_rotations(walker, frames)
    captured = walker.animation_data.action
    layer = add_layer(walker)
    assert walker.animation_data.action == layer != captured
    for rotation, other in zip(shown_rotations(walker, frames), before, strict=True):
        assert rotation.rotation_difference(other).angle < 1e-3


def test_keys_of_the_layer_are_added(walker: bpy.types.Object) -> None:
    frames = range(1, 49, 7)
    before = shown_rotations(walker, frames)
    add_layer(walker)
    key_head(walker, 22)
    for rotation, other in zip(shown_rotations(walker, frames), before, strict=True):
        assert rotation.rotation_difference(other @ OFFSET).angle < 2e-3


def test_new_captured_motion_appears_below_the_layer(walker: bpy.types.Object) -> None:
    motion = read_motion(walker)
    add_layer(walker)
    key_head(walker, 22)
    action, _ = captured_action(walker)
    write_motion(walker, motion.part(5, 30))
    (strip,) = walker.animation_data.nla_tracks[0].strips
    assert strip.action == action
    assert (strip.frame_start, strip.frame_end, strip.action_frame_start, strip.action_frame_end) == (5, 30, 5, 30)
    write_motion(walker, motion)
    assert (strip.frame_start, strip.frame_end, strip.action_frame_start, strip.action_frame_end) == (1, 48, 1, 48)
    assert strip.scale == strip.repeat == 1


def test_strip_of_the_user_stays(walker: bpy.types.Object) -> None:
    motion = read_motion(walker)
    add_layer(walker)
    (strip,) = walker.animation_data.nla_tracks[0].strips
    strip.repeat = 3
    end = strip.frame_end
    write_motion(walker, motion.part(5, 30))
    assert strip.frame_end == end and strip.repeat == 3


def test_retargeting_sees_the_layers(walker: bpy.types.Object) -> None:
    before = person_motion(walker)
    add_layer(walker)
    bpy.context.scene.frame_set(10)
    pelvis = walker.pose.bones["pelvis"]
    pelvis.location.y += 0.25
    pelvis.keyframe_insert("location")
    after = person_motion(walker)
    assert (after.frames == before.frames).all()
    np.testing.assert_allclose(
        np.linalg.norm(after.positions["head"] - before.positions["head"], axis=1), 0.25, atol=1e-4
    )


def test_merged_layers_show_the_same(walker: bpy.types.Object) -> None:
    captured = walker.animation_data.action
    add_layer(walker)
    key_head(walker, 22)
    add_layer(walker)
    key_head(walker, 30)
    frames = range(1, 49, 3)
    before = shown_rotations(walker, frames)
    merge_layers(bpy.context.scene, walker)
    assert walker.animation_data.action == captured and not is_layered(walker)
    assert {len(curve.keyframe_points) for curve in curves_of(walker)} == {1, 48}
    for rotation, other in zip(shown_rotations(walker, frames), before, strict=True):
        assert rotation.rotation_difference(other).angle < 2e-3


def test_person_without_layers_or_action(walker: bpy.types.Object) -> None:
    fit_layers(walker)
    with pytest.raises(TarError, match="no layers"):
        merge_layers(bpy.context.scene, walker)
    walker.animation_data.action = None
    with pytest.raises(TarError, match="no action"):
        add_layer(walker)
    with pytest.raises(TarError, match="no captured motion"):
        remove_layers(walker)
