"""Detected people, their checkboxes, and the job for the engine."""

from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from tar_blender.operators import import_video
from tar_blender.properties import people_picker
from tar_blender.properties.people_picker import selection_for_job, shot_for_job, show_detected
from tar_blender.util.person_colors import color_name, person_color
from tar_core.errors import TarError
from tar_core.people.selection import Scan
from tar_core.shots import Shot
from tests.support.clips import detected_person

pytestmark = pytest.mark.usefixtures("addon")


def test_detected_people_are_selected_and_have_portraits() -> None:
    show_detected(bpy.context, "/a.mp4", 0, Scan([detected_person(1, gray=51), detected_person(2, gray=102)], []))
    people = bpy.context.window_manager.tar_detected.people
    assert [(person.person_id, person.first_frame, person.last_frame, person.selected) for person in people] == [
        (1, 0, 11, True),
        (2, 0, 11, True),
    ]
    pixels = np.array(people_picker._portraits["2"].image_pixels_float).reshape(128, 128, 4)
    assert (pixels[:, :32, 3] == 0).all() and (pixels[:, 96:, 3] == 0).all(), "transparent beside the person"
    assert pixels[0, 32:96] == pytest.approx(np.tile(person_color(2), (64, 1)), abs=0.01), "an outline"
    inside = pixels[5:-5, 37:91, :3]
    assert inside[0] == pytest.approx(np.full((54, 3), 0.4), abs=0.01), "the bottom row is first"
    assert (inside[-1] == 1).all()


def test_colors_go_on_from_those_of_the_people_in_the_file(motion_file: Path) -> None:
    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    show_detected(bpy.context, "/a.mp4", 0, Scan([detected_person(1, gray=0)], []))
    pixels = np.array(people_picker._portraits["1"].image_pixels_float).reshape(128, 128, 4)
    assert pixels[0, 62:65] == pytest.approx(np.tile(person_color(3), (3, 1)), abs=0.01)
    bpy.ops.tar.import_motion_file(filepath=str(motion_file))
    assert bpy.data.objects["Person 1 Body.001"].data.materials[0].name == f"TAR Suit {color_name(3)}"


def test_portrait_of_a_very_narrow_person() -> None:
    narrow = replace(detected_person(1, gray=0), thumbnail=np.zeros((128, 3, 3), np.uint8))
    show_detected(bpy.context, "/a.mp4", 0, Scan([narrow], []))
    pixels = np.array(people_picker._portraits["1"].image_pixels_float).reshape(128, 128, 4)
    assert pixels[0, 62:65] == pytest.approx(np.tile(person_color(1), (3, 1)), abs=0.01)


def test_bystanders_are_listed_but_not_selected() -> None:
    small = replace(detected_person(2, gray=0), boxes=np.tile([300.0, 10, 310, 30], (2, 1)))
    show_detected(bpy.context, "/a.mp4", 0, Scan([detected_person(1, gray=0), small], []))
    rows = bpy.context.window_manager.tar_detected.people
    assert [(row.selected, row.reason) for row in rows] == [(True, ""), (False, "Small or far away")]


def test_people_are_picked_while_their_list_is_shown() -> None:
    settings, scan = bpy.context.scene.tar_settings, Scan([detected_person(1, gray=0)], [])
    settings.video, settings.people = "/a.mp4", "picked"
    show_detected(bpy.context, str(settings.video_path), 0, scan)
    assert people_picker.picked_scan(bpy.context) is scan
    detected = bpy.context.window_manager.tar_detected
    detected.shows_boxes = False  # an import has started
    assert people_picker.picked_scan(bpy.context) is None
    detected.people[0].selected = False
    assert people_picker.picked_scan(bpy.context) is scan
    settings.people = "all"
    assert people_picker.picked_scan(bpy.context) is None
    settings.people, settings.video = "picked", "/b.mp4"
    assert people_picker.picked_scan(bpy.context) is None


def test_frame_of_the_video_in_the_scene(tiny_video: Path) -> None:
    """The video has 12 frames per second, the scene 24."""
    scene, detected = bpy.context.scene, bpy.context.window_manager.tar_detected
    show_detected(bpy.context, str(tiny_video), 0, Scan([detected_person(1, gray=0)], []))
    scene.tar_settings.timing, scene.tar_settings.start_frame, scene.render.fps = "scene", 11, 24
    scene.frame_set(21)
    assert people_picker.shown_frame(bpy.context, detected) == 5
    scene.tar_settings.timing = "video"
    assert people_picker.shown_frame(bpy.context, detected) == 10


def test_job_contains_the_selection() -> None:
    show_detected(bpy.context, "/a.mp4", 0, Scan([detected_person(1, gray=0), detected_person(2, gray=0)], []))
    bpy.context.window_manager.tar_detected.people[0].selected = False
    first, second = selection_for_job(bpy.context, "/a.mp4")
    assert (first["wanted"], second["wanted"]) == (False, True)
    assert second["boxes"] == [[0, 200, 10, 240, 110], [11, 200, 10, 240, 110]]


def test_shots_are_listed_in_frames_of_the_scene_and_one_can_be_chosen() -> None:
    settings, detected = bpy.context.scene.tar_settings, bpy.context.window_manager.tar_detected
    show_detected(bpy.context, "/a.mp4", 30, Scan([detected_person(1, gray=0)], [Shot(1, 30, 49), Shot(2, 50, 99)]))
    settings.start_frame = 101
    names = [item[1] for item in people_picker._list_shots(detected, bpy.context)]
    assert names == ["All Shots", "Shot 1: 131 to 150", "Shot 2: 151 to 200"]
    assert shot_for_job(bpy.context, "/a.mp4", 30) is None
    detected.shot = "2"
    assert shot_for_job(bpy.context, "/a.mp4", 30) == 2
    assert shot_for_job(bpy.context, "/another.mp4", 30) is None
    with pytest.raises(TarError, match="scanned from another frame"):
        shot_for_job(bpy.context, "/a.mp4", 0)
    show_detected(bpy.context, "/a.mp4", 30, Scan([detected_person(1, gray=0)], [Shot(1, 30, 99)]))
    assert shot_for_job(bpy.context, "/a.mp4", 30) is None


def test_frames_of_shots_follow_the_frame_rate_of_the_scene(tiny_video: Path) -> None:
    """The video has 12 frames per second, the scene 24."""
    settings, detected = bpy.context.scene.tar_settings, bpy.context.window_manager.tar_detected
    show_detected(bpy.context, str(tiny_video), 0, Scan([], [Shot(1, 0, 4), Shot(2, 5, 11)]))
    settings.timing, settings.start_frame, bpy.context.scene.render.fps = "scene", 1, 24
    names = [item[1] for item in people_picker._list_shots(detected, bpy.context)]
    assert names == ["All Shots", "Shot 1: 1 to 10", "Shot 2: 11 to 24"]


def test_empty_selections_are_rejected() -> None:
    with pytest.raises(TarError, match="press Find People"):
        selection_for_job(bpy.context, "/a.mp4")
    show_detected(bpy.context, "/a.mp4", 0, Scan([detected_person(1, gray=0)], []))
    with pytest.raises(TarError, match="press Find People"):
        selection_for_job(bpy.context, "/another.mp4")
    bpy.context.window_manager.tar_detected.people[0].selected = False
    with pytest.raises(TarError, match="select at least one"):
        selection_for_job(bpy.context, "/a.mp4")


def test_selected_people_are_imported(engine_python: Path, tiny_video: Path) -> None:
    settings, detected = bpy.context.scene.tar_settings, bpy.context.window_manager.tar_detected
    settings.video, settings.people = str(tiny_video), "picked"
    assert bpy.ops.tar.find_people() == {"FINISHED"}
    assert not bpy.data.objects and len(detected.people) == 2
    detected.people[1].selected = False
    job = import_video._request(bpy.context).job
    assert not job.scan and job.options.people == "all"
    assert [trace["wanted"] for trace in job.options.selection] == [True, False]
    assert bpy.ops.tar.import_video_motion() == {"FINISHED"}
    assert "Person 1" in bpy.data.objects
