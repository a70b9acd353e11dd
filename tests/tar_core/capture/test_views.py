"""The options and the messages of captures of several views."""

import logging
import shutil
from dataclasses import replace

import numpy as np
import pytest

from scripts.fetch.demo_video import fetch_demo_video
from tar_core.body.data import load_body
from tar_core.capture.pipeline import capture
from tar_core.capture.views import combine_shots, open_views, options_of_view, span_of_views
from tar_core.cli import main
from tar_core.errors import TarError
from tar_core.options import CaptureOptions, StartBox
from tar_core.shot_files import load_shots
from tar_core.shots import Shot
from tests.support.paths import DATA
from tests.support.views import SIDE, clip_of, dancer, later, seen_by


def test_what_is_known_about_the_first_video_does_not_hold_for_others():
    options = CaptureOptions(people=2, start=5, end=90, box=StartBox(6, (1, 2, 3, 4)), fov=50, fingers=True)
    assert options_of_view(options) == CaptureOptions(fingers=True)


def test_views_are_opened_before_the_capture(tmp_path):
    tiny_video = DATA / "twelve_greys.mp4"
    other = shutil.copy(tiny_video, tmp_path / "other.mp4")
    assert [reader.path.name for reader in open_views(tiny_video, [other])] == ["other.mp4"]
    for views in ([tiny_video], [other, other]):
        with pytest.raises(TarError, match="is given twice"):
            open_views(tiny_video, views)
    with pytest.raises(TarError, match=r"missing\.mp4: no such video"):
        capture(tiny_video, CaptureOptions(views=(tmp_path / "missing.mp4",)))


def test_people_whom_a_view_does_not_see_are_told(caplog):
    caplog.set_level(logging.WARNING, "tar_core")
    front, other = dancer(1), dancer(2, place=(2, 5))
    other.person_id = 4
    side = clip_of(seen_by(SIDE, front), source="side.mp4")
    combined = combine_shots([clip_of(front, other)], [[side]], load_body())
    assert [person.person_id for person in combined.people] == [1, 4]
    assert caplog.messages == ["side.mp4: person 4 is not seen in this view"]


def test_a_combined_clip_stays_in_the_captured_part_of_the_video():
    clip = clip_of(dancer(count=60))
    side = clip_of(seen_by(SIDE, dancer(count=150)), source="side.mp4")
    span = span_of_views(clip, CaptureOptions(start=5, end=80), 200)
    assert span == (5, 80)
    combined = combine_shots([clip_of(later(dancer(count=150), 0))], [[side]], load_body(), span)
    assert (combined.people[0].frames == np.arange(5, 81)).all()
    assert span_of_views(clip, CaptureOptions(), 70) == (0, 69)
    assert span_of_views(clip, CaptureOptions(), 50) == (0, 59)  # the number of frames is an estimate
    assert span_of_views(replace(clip, shot=Shot(2, 30, 50)), CaptureOptions(), 70) == (30, 50)


def test_a_view_has_one_shot():
    clip = clip_of(dancer())
    with pytest.raises(TarError, match=r"front\.mp4: has 2 shots; .*cut the videos first"):
        combine_shots([clip], [[clip, clip]], load_body())


@pytest.mark.slow
def test_two_cameras_see_one_man(demo_video, tmp_path, capsys):
    output = tmp_path / "both.npz"
    command = ["capture", str(demo_video), "--people", "largest", "--end", "79", "--raw", "-o", str(output)]
    assert main([*command, "--views", str(fetch_demo_video(camera=3))]) == 0
    assert "tar-capture: info: cam03.mp4: starts" in capsys.readouterr().err
    (clip,) = load_shots(output)
    (alone,) = capture(demo_video, CaptureOptions(people="largest", end=79))
    (person,), (single,) = clip.people, alone.people
    assert clip.focal_length == alone.focal_length
    assert (person.frames == single.frames[: len(person)]).all() and len(person) > 70
    moved = np.linalg.norm(person.trans - single.trans[: len(person)], axis=1)
    assert 0.01 < np.median(moved) < 0.5
    assert (person.joint_errors[:, 1:] < single.joint_errors[: len(person), 1:]).all()
    assert person.joint_errors.mean() < 0.8 * single.joint_errors.mean()
