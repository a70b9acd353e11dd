"""Looking at the next frame, with a backbone that returns the mean brightness of each crop."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tar_core.camera.crop import Crop
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.people.look_ahead import LookAhead, is_near
from tar_core.people.one_euro import OneEuroFilter
from tar_core.people.track import Track

CROP = Crop(300.0, 200.0, 100.0, 0.1)
FRAMES = [np.full((400, 800, 3), 10 * number, np.uint8) for number in range(6)]


class Backbone:
    """Counts the crops of each call."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, crops: np.ndarray) -> FrameFeatures:
        self.batches.append(len(crops))
        brightness = crops.mean((1, 2, 3), dtype=np.float64)[:, None]
        return FrameFeatures(brightness, np.zeros((len(crops), 0, 64, 64)), Landmarks.unknown((len(crops),)))


def track(number: int = 1) -> Track:
    return Track(number, last_frame=0, crop=CROP, box=np.zeros(4), points=np.zeros((39, 2)), smoother=OneEuroFilter(30))


def move(tracks: list[Track], pixels: float) -> None:
    for moved in tracks:
        moved.crop_before, moved.crop = moved.crop, replace(moved.crop, center_x=moved.crop.center_x + pixels)


def brightness(look_ahead: LookAhead, tracks: list[Track], frame: int, is_last: bool = False) -> list[float]:
    upcoming = None if is_last else FRAMES[frame + 1]
    views = look_ahead.view(FRAMES[frame], tracks, upcoming)
    for view, seen in zip(views, tracks, strict=True):
        assert is_near(view.crop, seen.crop)
    return [float(view.features.vector[0, 0]) for view in views]


def test_a_person_who_moves_steadily_is_looked_at_in_pairs_of_frames() -> None:
    backbone, tracks = Backbone(), [track()]
    look_ahead = LookAhead(backbone)
    seen = []
    for frame in range(6):
        seen += brightness(look_ahead, tracks, frame, is_last=frame == 5)
        move(tracks, 9.0 + 0.5 * frame)
    assert seen == pytest.approx([0, 10, 20, 30, 40, 50]), "each frame is seen in its own image"
    assert backbone.batches == [2, 2, 2, 1], "the first movement comes without notice, and the last frame is alone"


def test_a_crop_that_was_not_expected_is_looked_at_again() -> None:
    backbone, tracks = Backbone(), [track()]
    look_ahead = LookAhead(backbone)
    seen = []
    for frame, step in enumerate((10, -10, 10, -10)):
        seen += brightness(look_ahead, tracks, frame)
        move(tracks, step)
    assert seen == pytest.approx([0, 10, 20, 30])
    assert backbone.batches == [2, 2, 2, 2]


def test_forgotten_results_are_not_used() -> None:
    backbone, tracks = Backbone(), [track()]
    look_ahead = LookAhead(backbone)
    brightness(look_ahead, tracks, 0)
    look_ahead.forget()
    brightness(look_ahead, tracks, 1)
    assert backbone.batches == [2, 2]


def test_two_people_need_no_look_ahead_and_three_leave_room_for_one() -> None:
    for count, batches in ((2, [2, 2, 2]), (3, [4, 2, 4])):
        backbone, tracks = Backbone(), [track(number) for number in range(count)]
        look_ahead = LookAhead(backbone)
        for frame in range(3):
            assert brightness(look_ahead, tracks, frame) == pytest.approx([10 * frame] * count)
        assert backbone.batches == batches


def test_without_people_nothing_runs() -> None:
    backbone = Backbone()
    assert LookAhead(backbone).view(FRAMES[0], [], FRAMES[1]) == []
    assert backbone.batches == []


def test_near_crops_differ_little_in_place_size_and_roll() -> None:
    assert is_near(CROP, CROP)
    assert is_near(replace(CROP, center_y=CROP.center_y + 1.9), CROP)
    assert is_near(replace(CROP, roll=CROP.roll + 2 * math.pi), CROP)
    others = (replace(CROP, center_x=CROP.center_x + 2.1), replace(CROP, size=104.0), replace(CROP, roll=0.06))
    assert not any(is_near(other, CROP) for other in others)
