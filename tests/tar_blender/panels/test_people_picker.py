"""The list of the people detected in the video."""

from collections.abc import Iterator

import bpy
import pytest

import tar_blender
from tar_blender.panels.people_picker import draw_detected
from tar_blender.properties.people_picker import show_detected
from tar_core.people.selection import Scan
from tests.support.clips import detected_person
from tests.support.layout import RecordingLayout


@pytest.fixture(autouse=True)
def registered(empty_scene: None) -> Iterator[None]:
    tar_blender.register()
    yield
    tar_blender.unregister()


def test_each_person_gets_a_checkbox_and_a_frame_range() -> None:
    show_detected(bpy.context, "/a.mp4", 0, Scan([detected_person(1, gray=0), detected_person(2, gray=0)], []))
    layout = RecordingLayout()
    draw_detected(bpy.context, layout, bpy.context.window_manager.tar_detected)
    assert layout.properties == ["selected", "selected"]
    assert layout.labels == ["Frames 1 to 12", "Frames 1 to 12"]


def test_doubts_about_a_person_are_shown() -> None:
    show_detected(bpy.context, "/a.mp4", 0, Scan([detected_person(1, gray=0)], []))
    bpy.context.window_manager.tar_detected.people[0].reason = "Small or far away"
    layout = RecordingLayout()
    draw_detected(bpy.context, layout, bpy.context.window_manager.tar_detected)
    assert layout.labels == ["Frames 1 to 12", "Small or far away"]
