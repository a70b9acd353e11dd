"""The operator Bake to Frame Rate."""

import bpy
import pytest

from tar_blender.scene.frame_rate import frame_rate


@pytest.mark.usefixtures("addon")
def test_scene_without_clips_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no imported clip"):
        bpy.ops.tar.bake_frame_rate()


@pytest.mark.usefixtures("imported")
def test_clips_of_the_scene_are_baked() -> None:
    assert bpy.ops.tar.bake_frame_rate(keyed_fps=30000 / 1001, fps=60) == {"FINISHED"}
    assert frame_rate(bpy.context.scene) == 60
    action = bpy.data.objects["Person 1"].animation_data.action
    assert tuple(action.curve_frame_range) == (round(1 + 3 * 2.002), round(1 + 63 * 2.002))
