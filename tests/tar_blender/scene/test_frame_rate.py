"""The frame rate of a scene."""

import bpy
import pytest

from tar_blender.scene.frame_rate import frame_rate, set_frame_rate


@pytest.mark.parametrize("fps", [23.976, 24, 25, 29.97, 30000 / 1001, 59.94, 60, 14.7, 240, 0.4])
def test_any_frame_rate_can_be_set(fps: float) -> None:
    render = bpy.context.scene.render
    set_frame_rate(bpy.context.scene, fps)
    assert render.fps / render.fps_base == pytest.approx(fps, rel=1e-6)
    assert frame_rate(bpy.context.scene) == pytest.approx(fps, rel=1e-6)


def test_ntsc_frame_rates_have_blenders_own_values() -> None:
    set_frame_rate(bpy.context.scene, 30000 / 1001)
    render = bpy.context.scene.render
    assert (render.fps, render.fps_base) == (30, pytest.approx(1.001))
