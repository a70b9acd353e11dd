"""Scan with a scripted tracker, and thumbnails. The scan of a video is tested in capture/test_pipeline.py."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tar_core.people.identity import Identity
from tar_core.people.scan import crop_thumbnail, scan_people
from tar_core.shots import Shot
from tar_core.video.cuts import mark_cuts
from tar_core.video.reader import VideoFrame

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


def test_confirmed_people_are_listed_largest_first_with_a_box_per_second() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, 20:] = 200
    frames = (VideoFrame(index, index / 32, image) for index in range(100, 200))
    rates = []
    scan = scan_people(mark_cuts(frames), 32.0, lambda fps: rates.append(fps) or ScriptedTracker())  # type: ignore
    large, small = scan.people
    assert rates == [8.0], "every fourth frame is processed"
    assert (large.person_id, small.person_id) == (1, 2)
    np.testing.assert_array_equal(small.frames, [100, 132, 164, 196])
    np.testing.assert_array_equal(large.frames, [120, 152, 184, 196])
    np.testing.assert_array_equal(large.boxes, np.tile(LARGE, (4, 1)))
    np.testing.assert_array_equal(small.boxes, np.tile(SMALL, (4, 1)))
    assert large.thumbnail[64, 100].tolist() == [200] * 3 and small.thumbnail[64, 64].tolist() == [0] * 3


class CuttingTracker(ScriptedTracker):
    """Notes the frames that begin another shot."""

    def __init__(self) -> None:
        self.cuts: list[int] = []

    def cut(self, frame: int) -> None:
        self.cuts.append(frame)


def test_tracker_learns_of_a_cut_between_processed_frames() -> None:
    shots = [np.random.default_rng(seed).integers(0, 255, (36, 64, 3), np.uint8) for seed in (1, 2)]
    frames = (VideoFrame(index, index / 32, shots[index >= 50]) for index in range(100))
    tracker = CuttingTracker()
    scan = scan_people(mark_cuts(frames), 32.0, lambda fps: tracker)  # type: ignore
    assert scan.shots == [Shot(1, 0, 49), Shot(2, 50, 99)]
    assert tracker.cuts == [13], "frame 52, the first one that is processed after the cut at 50"


def test_thumbnail_is_an_upright_square_around_the_box() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[100:200, 150:250] = (255, 0, 0)
    thumbnail = crop_thumbnail(image, np.array([150, 100, 250, 300]))
    assert thumbnail[20, 64].tolist() == [255, 0, 0] and thumbnail[100, 64].tolist() == [0, 0, 0]
    assert thumbnail[20, 5].tolist() == [0, 0, 0]


def test_thumbnail_stays_inside_the_image() -> None:
    """Beyond the border, the thumbnail would show the repeated border."""
    image = np.zeros((400, 300, 3), np.uint8)
    image[:, 2:] = image[2:] = (0, 255, 0)  # black at the left and top border
    image[:2] = 0
    for box in ([-40, 50, 60, 350], [100, -80, 150, 120], [-50, -50, 340, 450]):
        assert (crop_thumbnail(image, np.array(box, float)) == 0).all(-1).mean() < 0.05, box
