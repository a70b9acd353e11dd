"""Boxes drawn in an editor and boxes in pixels. Drawing in a window is tested by tests/support/window.py."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import bpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tar_blender
from tar_blender.operators.draw_box import MIN_SIDE, as_blender_shows, box_corners, pixel_box, upright
from tar_core.video.orientation import Orientation

ORIENTATIONS = [Orientation(*flags) for flags in product((False, True), repeat=3)]
WIDTH, HEIGHT = 1080, 1920


@pytest.fixture
def registered(empty_scene: None) -> Iterator[None]:
    tar_blender.register()
    yield
    tar_blender.unregister()


def test_box_of_two_corners_in_any_order() -> None:
    quarter, middle = (0.25, 0.5), (0.5, 1.0)
    boxes = [pixel_box(quarter, middle, 400, 200), pixel_box(middle, quarter, 400, 200)]
    boxes += [pixel_box((0.25, 1.0), (0.5, 0.5), 400, 200)]
    assert set(boxes) == {(100, 0, 200, 100)}, "y is counted from the top"


def test_box_is_clipped_to_the_frame() -> None:
    assert pixel_box((-3, -1), (2, 7), WIDTH, HEIGHT) == (0, 0, WIDTH - 1, HEIGHT - 1)
    assert pixel_box((1.1, 0.2), (1.9, 0.8), WIDTH, HEIGHT) is None


def test_click_is_not_a_box() -> None:
    assert pixel_box((0.5, 0.5), (0.5, 0.5), WIDTH, HEIGHT) is None
    narrow = (MIN_SIDE - 2) / WIDTH
    assert pixel_box((0.5, 0.1), (0.5 + narrow, 0.9), WIDTH, HEIGHT) is None


@given(st.data())
def test_corners_of_a_box_give_the_box(data: st.DataObject) -> None:
    x0, y0 = (data.draw(st.integers(0, size - 1 - MIN_SIDE)) for size in (WIDTH, HEIGHT))
    x1 = data.draw(st.integers(x0 + MIN_SIDE, WIDTH - 1))
    y1 = data.draw(st.integers(y0 + MIN_SIDE, HEIGHT - 1))
    corners = box_corners((x0, y0, x1, y1), WIDTH, HEIGHT)
    assert pixel_box(*corners, WIDTH, HEIGHT) == (x0, y0, x1, y1)


def test_box_on_a_turned_frame() -> None:
    """The top left corner of the upright frame is the top right corner of a frame to be turned counterclockwise."""
    turned = Orientation(transposed=True, flipped=True)
    assert pixel_box(upright((0.75, 1.0), turned), upright((1.0, 0.5), turned), 200, 400) == (0, 0, 100, 100)
    assert upright((0.25, 0.125), Orientation(mirrored=True, flipped=True)) == (0.75, 0.875)
    assert upright((0.25, 0.125), Orientation(mirrored=True)) == (0.75, 0.125)
    for orientation in ORIENTATIONS:
        assert as_blender_shows(upright((0.25, 0.125), orientation), orientation) == (0.25, 0.125)


def test_operator_needs_a_video_and_a_3d_viewport(registered: None, tiny_video: Path) -> None:
    assert not bpy.ops.tar.draw_box.poll(), "no video"
    bpy.context.scene.tar_settings.video = str(tiny_video)
    window = bpy.context.window_manager.windows[0]
    areas = {area.type: area for area in window.screen.areas}
    with bpy.context.temp_override(window=window, area=areas["VIEW_3D"]):
        assert bpy.ops.tar.draw_box.poll()
        bpy.context.window_manager.tar_progress.running = True
        assert not bpy.ops.tar.draw_box.poll()
        bpy.context.window_manager.tar_progress.running = False
    with bpy.context.temp_override(window=window, area=areas["OUTLINER"]):
        assert not bpy.ops.tar.draw_box.poll()
