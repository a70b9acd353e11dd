"""The picture of a running import. tests/support/window_import_steps.py draws it in a real window."""

import time

import bpy
import pytest

import tar_blender
from tar_blender.util import preview
from tar_blender.util.person_colors import person_color
from tar_blender.util.preview import Rectangle, picture_area, skeleton_lines
from tar_core.preview import LINES, NUM_POINTS, Preview

CENTER = ((49.5, 99.5),) * NUM_POINTS
TALL = Preview(7, 100, 200, {1: CENTER})


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920), (64, 64)])
def test_picture_has_the_shape_of_the_video_and_lies_in_the_free_corner(width: int, height: int) -> None:
    space = Rectangle(50, 0, 850, 600)
    area = picture_area(width, height, space, margin=10)
    assert area[:2] == (60, 10)
    assert (area.x1 - area.x0) / (area.y1 - area.y0) == pytest.approx(width / height)
    assert area.x1 < space.x1 / 2 and area.y1 < space.y1 / 2


def test_center_of_the_frame_is_the_center_of_the_picture() -> None:
    lines = skeleton_lines(CENTER, TALL, Rectangle(10, 20, 30, 60))
    assert len(lines) == 2 * len(LINES)
    assert set(lines) == {(20.0, 40.0)}


def test_top_of_the_frame_is_the_top_of_the_picture() -> None:
    assert skeleton_lines(((0.0, -0.5),) * NUM_POINTS, TALL, Rectangle(0, 0, 50, 100))[0][1] == 100


def test_lines_that_leave_the_frame_are_left_out() -> None:
    points = list(CENTER)
    points[9] = (-5.0, 50.0)  # the left wrist
    assert len(skeleton_lines(tuple(points), TALL, Rectangle(0, 0, 50, 100))) == 2 * (len(LINES) - 1)


@pytest.mark.skipif(not bpy.app.background, reason="needs a Blender without windows")
def test_nothing_is_drawn_without_a_window(addon: None) -> None:
    preview.show_preview(TALL, used_colors=0)
    assert not preview.is_preview_shown()


def test_handler_is_removed_with_the_add_on() -> None:
    tar_blender.register()
    preview._add(TALL, used_colors=0)
    preview._add(TALL, used_colors=0)
    assert preview.is_preview_shown()
    tar_blender.unregister()
    assert not preview.is_preview_shown()
    preview.hide_preview()  # nothing to remove


def test_colors_go_on_from_those_of_the_people_in_the_file() -> None:
    preview._add(TALL, used_colors=2)
    assert preview.track_color(1) == person_color(3) != person_color(1)
    preview.hide_preview()


def test_delay_is_from_the_arrival_of_the_image_to_its_first_drawing() -> None:
    preview.hide_preview()
    live = Preview(0, 64, 48, {1: CENTER}, time.time() - 0.25)
    assert preview.live_delay() is None
    assert preview._caption(live) == preview.delay_text(preview.live_delay())
    first = preview.live_delay()
    assert 0.25 <= first < 5
    preview._caption(live)  # the same picture drawn again
    assert preview.live_delay() == first
    assert "nobody" in preview._caption(Preview(1, 64, 48, {}, time.time()))
    preview.hide_preview()
    assert preview.live_delay() is None
