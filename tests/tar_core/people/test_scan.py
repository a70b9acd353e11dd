"""Scan with a scripted tracker, and thumbnails. The scan of a video is tested in capture/test_pipeline.py."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tar_core.people.identity import Identity
from tar_core.people.scan import crop_thumbnail, scan_people
from tar_core.shots import Shot
from tar_core.video.cuts import mark_cuts
from tests.support.videos import frames_of

SMALL, LARGE = np.array([0.0, 0, 10, 20]), np.array([20.0, 0, 60, 80])


class ScriptedTracker:
    """Reports a small person in every processed frame, and a large one and an unconfirmed one from frame 5 on.

    In frame 10, tracks 1 and 2 exchange the two.
    """

    def step(self, frame: int, image: np.ndarray) -> list[Any]:
        boxes = {1: SMALL} | ({2: LARGE, 3: SMALL} if frame >= 5 else {})
        if frame >= 10:
            boxes[1], boxes[2] = LARGE, SMALL
        return [SimpleNamespace(track_id=number, box=box, score=0.9) for number, box in boxes.items()]

    def confirmed_people(self) -> list[Identity]:
        frames = np.arange(25)
        return [
            Identity(frames, np.where(frames < 10, 1, 2)),
            Identity(frames[5:], np.where(frames[5:] < 10, 2, 1)),
        ]


def test_confirmed_people_are_listed_largest_first_with_boxes_every_second_and_in_pictures() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, 20:] = 200
    frames = frames_of([image] * 100, 32, first=100)
    rates = []
    scan = scan_people(mark_cuts(frames), 32.0, lambda fps: rates.append(fps) or ScriptedTracker())  # type: ignore
    large, small = scan.people
    assert rates == [8.0], "every fourth frame is processed"
    assert (large.person_id, small.person_id) == (1, 2)
    assert scan.pictures is not None and scan.pictures.frames.tolist() == [100, 132, 164, 196]
    np.testing.assert_array_equal(small.frames, [100, 132, 164, 196])
    np.testing.assert_array_equal(large.frames, [120, 132, 152, 164, 184, 196])
    np.testing.assert_array_equal(large.boxes, np.tile(LARGE, (6, 1)))
    np.testing.assert_array_equal(small.boxes, np.tile(SMALL, (4, 1)))
    assert large.thumbnail[64, 60].tolist() == [200] * 3 and small.thumbnail[64, 30].tolist() == [0] * 3


class CuttingTracker(ScriptedTracker):
    """Notes the frames that begin another shot."""

    def __init__(self) -> None:
        self.cuts: list[int] = []

    def cut(self, frame: int) -> None:
        self.cuts.append(frame)


def test_tracker_learns_of_a_cut_between_processed_frames() -> None:
    shots = [np.random.default_rng(seed).integers(0, 255, (36, 64, 3), np.uint8) for seed in (1, 2)]
    frames = frames_of([shots[0]] * 50 + [shots[1]] * 50, 32)
    tracker = CuttingTracker()
    scan = scan_people(mark_cuts(frames), 32.0, lambda fps: tracker)  # type: ignore
    assert scan.shots == [Shot(1, 0, 49), Shot(2, 50, 99)]
    assert tracker.cuts == [13], "frame 52, the first one that is processed after the cut at 50"


def test_pictures_are_spread_over_a_long_video() -> None:
    frames = frames_of((np.full((960, 54, 3), index % 256, np.uint8) for index in range(400)), 8)
    pictures = scan_people(mark_cuts(frames), 8.0, lambda fps: CuttingTracker()).pictures  # type: ignore
    assert pictures is not None and pictures.scale == 2
    assert pictures.images.shape[1:] == (480, 27, 3)
    assert pictures.frames.tolist() == list(range(0, 400, 32))
    assert pictures.images[3, 0, 0].tolist() == [96] * 3


def test_thumbnail_shows_the_person_alone() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[100:300, 150:250] = (255, 0, 0)
    thumbnail = crop_thumbnail(image, np.array([150.0, 100, 250, 300]))
    assert thumbnail.shape == (128, 64, 3)
    assert (thumbnail[8:-8, 4:-4] == (255, 0, 0)).all()
    assert (thumbnail[0] == 0).all(), "a narrow margin"


def test_thumbnail_stays_inside_the_image() -> None:
    image = np.full((400, 300, 3), 255, np.uint8)
    image[:, 2:298] = 0
    for box in ([-40, 50, 60, 350], [100, -80, 150, 120], [-50, -50, 340, 450], [290, 390, 500, 900]):
        assert max(crop_thumbnail(image, np.array(box, float)).shape) == 128, box


def test_people_between_bars_have_boxes_in_the_whole_image() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[:, 50:150] = 200
    sizes = []

    class Tracker(ScriptedTracker):
        def step(self, frame: int, image: np.ndarray) -> list[Any]:
            sizes.append(image.shape[:2])
            return super().step(frame, image)

    frames = frames_of([image] * 100, 32)
    scan = scan_people(mark_cuts(frames), 32.0, lambda fps: Tracker())  # type: ignore[arg-type,return-value]
    assert set(sizes) == {(100, 100)}
    np.testing.assert_array_equal(scan.people[0].boxes[-1], LARGE + [50, 0, 50, 0])


def test_bars_of_one_shot_are_not_cut_from_the_others() -> None:
    random = np.random.default_rng(3)
    whole, barred = (random.integers(100, 255, (100, 200, 3), np.uint8) for _ in range(2))
    barred[:, :50] = barred[:, 150:] = 0
    sizes = []

    class Tracker(CuttingTracker):
        def step(self, frame: int, image: np.ndarray) -> list[Any]:
            sizes.append(image.shape[:2])
            return super().step(frame, image)

    shots = [whole] * 40 + [barred] * 40 + [whole] * 40
    scan_people(mark_cuts(frames_of(shots, 8)), 8.0, lambda fps: Tracker())  # type: ignore[arg-type,return-value]
    assert sizes == [(100, 200)] * 40 + [(100, 100)] * 40 + [(100, 200)] * 40
