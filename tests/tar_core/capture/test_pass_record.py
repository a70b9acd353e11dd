"""Joining the records of two parts of a video."""

import numpy as np
import pytest

from tar_core.camera.vanishing_points import EstimatedCamera
from tar_core.capture.pass_record import PassRecord, ShotStart
from tar_core.hands.tracker import SeenHand
from tar_core.people.clear_runs import TrackHistory
from tar_core.people.record import RecordedTrack, TrackingRecord
from tar_core.video.bars import PictureArea

CAMERA = EstimatedCamera(np.array([0.0, -1, 0]), 1.0, 1000.0, 0.1)
AREA = PictureArea(0, 0, 640, 480)


def place(person: int, frame: int) -> np.ndarray:
    """The box of a person who walks to the right."""
    return np.array([300.0 * person + frame, 0, 300.0 * person + frame + 100, 200])


def record(people: dict[int, int], numbers: range, step: int, shots: list[ShotStart], offset: int = 0) -> PassRecord:
    """What a pass over some processed frames records.

    Args:
        people: track -> the person whom it shows.
        numbers: the frames, by their numbers in the whole video.
        step: video frames from one to the next.
        shots: with the numbers of this pass.
        offset: of its numbers.
    """
    own = [number + offset for number in numbers]
    tracks, results, looks = {}, {}, {}
    for track, person in people.items():
        boxes = [place(person, number) for number in numbers]
        nothing = [np.zeros(4)] * len(own)
        history = TrackHistory(track, list(own), boxes, nothing, nothing)
        tracks[track] = RecordedTrack(history, own[::5], has_strong_detection=True)
        rows = zip(own, numbers, boxes, strict=True)
        results[track] = {n: (box.tolist(), f"{person} {number}".encode()) for n, number, box in rows}
        looks[track, 0] = [SeenHand(number, None, 0.9, None) for number in own[::2]]
    pairs = zip(own, numbers, strict=True)
    boxes_of_all = {n: [place(person, number).tolist() for person in people.values()] for n, number in pairs}
    return PassRecord(
        step, TrackingRecord(tracks, len(own) // 5), shots, step * numbers[-1], {own[-1]}, boxes_of_all, results, looks
    )


@pytest.mark.parametrize("step", [1, 2])
def test_joined_parts_equal_the_whole(step: int) -> None:
    shot = ShotStart(0, 0, AREA, CAMERA)
    whole = record({1: 0, 2: 1}, range(100), step, [shot])
    early = record({1: 0, 2: 1}, range(60), step, [shot])
    # It finds the people in another order, and counts its frames from its own beginning.
    late = record({1: 1, 2: 0}, range(30, 100), step, [ShotStart(0, -30, AREA, CAMERA)], offset=-30)
    joined = early.joined(late, 50 * step)
    assert joined.results == whole.results and joined.boxes.keys() == whole.boxes.keys()
    assert joined.last == whole.last and joined.shots == whole.shots and joined.moving == {99}
    for track, expected in whole.tracking.tracks.items():
        found = joined.tracking.tracks[track]
        assert found.history.frames == expected.history.frames and found.hits == expected.hits
        np.testing.assert_array_equal(found.history.boxes, expected.history.boxes)
    assert joined.looks == whole.looks
    assert joined.numbers(0) == range(100)


def test_people_who_come_later_have_new_numbers() -> None:
    shot = ShotStart(0, 0, AREA, CAMERA)
    early = record({1: 0}, range(60), 1, [shot])
    late = record({1: 2, 2: 0}, range(30, 100), 1, [shot])
    joined = early.joined(late, 50)
    assert sorted(joined.tracking.tracks) == [1, 2]
    assert joined.tracking.tracks[1].history.frames == list(range(100))
    assert joined.tracking.tracks[2].history.frames == list(range(50, 100))
    assert joined.results[2][50][1] == b"2 50"


def test_people_who_left_before_the_seam_are_kept() -> None:
    shot = ShotStart(0, 0, AREA, CAMERA)
    early = record({1: 0}, range(40), 1, [shot])
    early.last = 59
    late = record({1: 0}, range(30, 40), 1, [shot])
    late.last = 99
    joined = early.joined(late, 50)
    assert joined.tracking.tracks[1].history.frames == list(range(40)) and joined.last == 99


def test_a_part_may_begin_with_a_shot() -> None:
    """At every second frame; the shot begins at a frame with an odd number."""
    first, second = ShotStart(0, 0, AREA, CAMERA), ShotStart(21, 11, AREA, CAMERA)
    early = record({1: 0}, range(11), 2, [first])
    early.last = 20
    late = record({1: 0}, range(11, 31), 2, [replace_number(second, 0)], offset=-11)
    late.last = 60
    joined = early.joined(late, 21)
    assert joined.shots == [first, second]
    assert joined.numbers(0) == range(11) and joined.numbers(1) == range(11, 31)
    assert sorted(joined.tracking.tracks) == [1, 2], "nobody is followed across a cut"


def replace_number(shot: ShotStart, number: int) -> ShotStart:
    return ShotStart(shot.first, number, shot.area, shot.camera, shot.is_seen)
