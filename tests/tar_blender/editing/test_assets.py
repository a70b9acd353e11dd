"""Assets of motions and poses."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.editing.assets import AssetText, motion_asset, pose_asset
from tar_blender.editing.looping import looped
from tar_blender.editing.motion_keys import read_motion, write_motion
from tar_blender.scene.layers import add_layer
from tar_blender.scene.metadata import is_part

TEXT = AssetText("Walk", "48 frames", "Ann")


def shown(armature: bpy.types.Object, frame: int) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    return np.array([np.array(bone.matrix) for bone in armature.pose.bones])


def play(armature: bpy.types.Object, action: bpy.types.Action) -> None:
    armature.animation_data_clear()
    armature.animation_data_create().action = action
    if hasattr(action, "slots"):
        armature.animation_data.action_slot = action.slots[0]


def test_motion_asset_is_a_copy_with_facts_and_a_preview(walker: bpy.types.Object, tmp_path: Path) -> None:
    captured = walker.animation_data.action
    before = shown(walker, 20)
    asset = motion_asset(bpy.context.scene, walker, TEXT)
    assert walker.animation_data.action == captured != asset
    assert captured.asset_data is None and not is_part(asset)
    assert (asset.frame_start, asset.frame_end, asset.use_cyclic) == (1, 48, False)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "assets.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "assets.blend"))
    asset, walker = bpy.data.actions["Walk"], bpy.data.objects["Person 1"]
    assert (asset.asset_data.description, asset.asset_data.author) == ("48 frames", "Ann")
    assert [tag.name for tag in asset.asset_data.tags] == ["motion capture"]
    pixels = np.array(asset.preview.image_pixels_float).reshape(256, 256, 4)
    assert 0.02 < (pixels[..., 3] > 0.5).mean() < 0.5
    play(walker, asset)
    np.testing.assert_allclose(shown(walker, 20), before, atol=1e-5)


def test_layers_are_in_the_asset_and_stay(walker: bpy.types.Object) -> None:
    layer = add_layer(walker)
    bpy.context.scene.frame_set(10)
    bone = walker.pose.bones["head"]
    bone.rotation_quaternion = (0.9, 0.3, 0, 0)
    bone.keyframe_insert("rotation_quaternion")
    before = shown(walker, 30)
    asset = motion_asset(bpy.context.scene, walker, TEXT)
    assert walker.animation_data.action == layer
    np.testing.assert_allclose(shown(walker, 30), before, atol=1e-5)
    play(walker, asset)
    np.testing.assert_allclose(shown(walker, 30), before, atol=1e-3)


def test_asset_of_a_loop_is_cyclic(walker: bpy.types.Object) -> None:
    write_motion(walker, looped(read_motion(walker), 5, 40, 8))
    assert motion_asset(bpy.context.scene, walker, TEXT).use_cyclic


@pytest.mark.parametrize("frame", [1, 20])
def test_pose_asset_has_one_key_for_each_bone(walker: bpy.types.Object, frame: int) -> None:
    bpy.context.scene.frame_set(frame)
    rotation = tuple(walker.pose.bones["head"].rotation_quaternion)
    asset = pose_asset(bpy.context.scene, walker, frame, AssetText("Pose", "Frame 20"))
    assert tuple(asset.curve_frame_range) == (0, 0) and asset.asset_data.description == "Frame 20"
    play(walker, asset)
    bpy.context.scene.frame_set(frame)
    np.testing.assert_allclose(tuple(walker.pose.bones["head"].rotation_quaternion), rotation, atol=1e-5)
