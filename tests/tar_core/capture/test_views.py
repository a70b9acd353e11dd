"""The options and the messages of captures of several views."""

import logging

import pytest

from tar_core.body.data import load_body
from tar_core.capture.views import combine_shots, options_of_view
from tar_core.errors import TarError
from tar_core.options import CaptureOptions, StartBox
from tests.support.views import SIDE, clip_of, dancer, seen_by


def test_what_is_known_about_the_first_video_does_not_hold_for_others():
    options = CaptureOptions(people=2, start=5, end=90, box=StartBox(6, (1, 2, 3, 4)), fov=50, fingers=True)
    assert options_of_view(options) == CaptureOptions(fingers=True)


def test_people_whom_a_view_does_not_see_are_told(caplog):
    caplog.set_level(logging.WARNING, "tar_core")
    front, other = dancer(1), dancer(2, place=(2, 5))
    other.person_id = 4
    side = clip_of(seen_by(SIDE, front), source="side.mp4")
    combined = combine_shots([clip_of(front, other)], [[side]], load_body())
    assert [person.person_id for person in combined.people] == [1, 4]
    assert caplog.messages == ["side.mp4: person 4 is not seen in this view"]


def test_a_view_has_one_shot():
    clip = clip_of(dancer())
    with pytest.raises(TarError, match=r"front\.mp4: has 2 shots; .*cut the videos first"):
        combine_shots([clip], [[clip, clip]], load_body())
