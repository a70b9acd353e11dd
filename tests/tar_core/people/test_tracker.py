from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.model.backbones.blazepose import BlazePose, load_blazepose
from tar_core.people.detector import PersonDetector, load_detector
from tar_core.people.selection import overlap
from tar_core.people.tracker import (
    LONGEST_GAP,
    OneEuroFilter,
    PeopleTracker,
    Sighting,
    box_of_points,
    match_boxes,
    same_body,
    whole_body,
)
from tar_core.video.reader import VideoReader

FPS = 10.0  # of the scenes made here: few frames in which much happens
WIDTH, HEIGHT = 640, 360


@pytest.fixture(scope="module")
def backbone() -> BlazePose:
    return load_blazepose()


@pytest.fixture(scope="module")
def detector() -> PersonDetector:
    return load_detector()


@pytest.fixture(scope="module")
def man(demo_video: Path) -> np.ndarray:
    """The demo's man, cut out of its first frame; 250 pixels tall with some room around him."""
    import cv2

    image = next(VideoReader(demo_video).frames()).image
    return cv2.resize(image[320:1280, 300:660], (120, 320), interpolation=cv2.INTER_AREA)


def scene(man: np.ndarray, *places: int, scale: float = 1.0) -> np.ndarray:
    """A gray frame with the man at each of the places (left edges in pixels)."""
    import cv2

    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for number, left in enumerate(places):
        picture = man if number == 0 else cv2.resize(man, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = picture.shape[:2]
        frame[20 : 20 + height, left : left + width] = picture
    return frame


def track(tracker: PeopleTracker, frames: list[np.ndarray]) -> list[list[Sighting]]:
    return [tracker.step(index, frame) for index, frame in enumerate(frames)]


def center(sighting: Sighting) -> float:
    return float(sighting.box[0] + sighting.box[2]) / 2


def test_one_real_person(demo_video: Path, backbone: BlazePose, detector: PersonDetector) -> None:
    reader = VideoReader(demo_video)
    tracker = PeopleTracker(backbone, detector, reader.fps, most_people=1)
    frames = [frame.image for frame in reader.frames(end=13)]
    steps = track(tracker, frames)
    assert [len(sightings) for sightings in steps] == [1] * 14
    assert {sighting.track_id for (sighting,) in steps} == {1}
    last = steps[-1][0]
    found = detector.detect(frames[-1])[0].box
    assert overlap(last.box, found) > 0.6
    hips = last.crop.to_image(last.features.landmarks.points[0, 33].numpy())
    off_center = np.linalg.norm(hips - [last.crop.center_x, last.crop.center_y])
    assert off_center < 0.05 * last.crop.size, "the crop stays on the hips"
    assert [believed.track_id for believed in tracker.believed()] == [1]


@pytest.mark.parametrize(("top", "bottom", "left", "right"), [(300, 660, 160, 800), (320, 560, 260, 690)])
def test_a_close_up_shows_a_part_of_somebody_and_no_dwarf(
    top: int, bottom: int, left: int, right: int, demo_video: Path, backbone: BlazePose, detector: PersonDetector
) -> None:
    import cv2

    image = next(VideoReader(demo_video).frames()).image
    close_up = cv2.resize(image[top:bottom, left:right], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    tracker = PeopleTracker(backbone, detector, FPS)
    steps = track(tracker, [close_up] * 4)
    assert [len(sightings) for sightings in steps] == [1] * 4
    assert [believed.track_id for believed in tracker.believed()] == [1]
    boxed = PeopleTracker(backbone, None, FPS)
    boxed.begin_with_box(0, close_up, np.array([100, 0, 450, HEIGHT - 1]))
    whole = 960 * WIDTH / (right - left)  # the man is about 960 pixels tall in the video
    for sighting in (steps[-1][0], *boxed.step(0, close_up)):
        assert 0.7 * whole < sighting.crop.size < 1.5 * whole


def test_a_box_cut_off_at_the_bottom_is_grown_to_a_whole_body() -> None:
    inside, upper, thin = [10.0, 20, 60, 200], [10.0, 20, 110, 355], [10.0, 20, 60, 359]
    np.testing.assert_array_equal(whole_body(np.array(inside), HEIGHT), inside)
    np.testing.assert_array_equal(whole_body(np.array([10.0, 200, 110, 359]), HEIGHT), [10, 200, 110, 500])
    np.testing.assert_array_equal(whole_body(np.array(upper), HEIGHT), upper, "three times as tall as wide already")
    np.testing.assert_array_equal(whole_body(np.array(thin), HEIGHT), thin)


def test_two_people_keep_their_numbers(man: np.ndarray, backbone: BlazePose, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    steps = track(tracker, [scene(man, 60 + 6 * k, 440 - 6 * k) for k in range(8)])
    left = {sighting.track_id: center(sighting) for sighting in steps[0]}
    assert len(left) == 2
    for sightings in steps:
        assert {sighting.track_id for sighting in sightings} == set(left)
    first, second = (sighting.track_id for sighting in sorted(steps[0], key=center))
    for sighting in steps[-1]:
        moved = center(sighting) - left[sighting.track_id]
        assert moved == pytest.approx(42 if sighting.track_id == first else -42, abs=12)
    assert [believed.track_id for believed in tracker.believed()] == sorted([first, second])


def test_short_gap_is_bridged(man: np.ndarray, backbone: BlazePose, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    hidden = [4, 5, 6]
    steps = track(tracker, [scene(man, 250) if k not in hidden else scene(man) for k in range(10)])
    assert [len(sightings) for sightings in steps] == [0 if k in hidden else 1 for k in range(10)]
    assert {sighting.track_id for sightings in steps for sighting in sightings} == {1}


def test_who_was_away_for_long_is_somebody_new(man: np.ndarray, backbone: BlazePose, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    away = range(4, 5 + int(LONGEST_GAP * FPS) + 1)
    steps = track(tracker, [scene(man, 250) if k not in away else scene(man) for k in range(16)])
    assert {sighting.track_id for sighting in steps[3]} == {1}
    assert {sighting.track_id for sighting in steps[-1]} == {2}


def test_two_tracks_on_one_body_become_one(man: np.ndarray, backbone: BlazePose, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, None, FPS)
    frame = scene(man, 250)
    for box in ([255, 20, 365, 330], [250, 30, 370, 340]):
        tracker.begin_with_box(0, frame, np.array(box))
    steps = track(tracker, [frame] * 2)
    assert [[sighting.track_id for sighting in sightings] for sightings in steps] == [[1], [1]]


def test_only_the_largest(man: np.ndarray, backbone: BlazePose, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS, most_people=1)
    steps = track(tracker, [scene(man, 400, 100, scale=0.7)] * 3)
    assert [len(sightings) for sightings in steps] == [1] * 3
    assert center(steps[-1][0]) > 400


def test_nobody(backbone: BlazePose, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    assert track(tracker, [np.full((HEIGHT, WIDTH, 3), 90, np.uint8)] * 3) == [[], [], []]
    assert tracker.believed() == []


def test_box_of_the_user(man: np.ndarray, backbone: BlazePose) -> None:
    tracker = PeopleTracker(backbone, None, FPS)
    frame = scene(man, 250)
    tracker.begin_with_box(0, frame, np.array([250, 20, 370, 340]))
    steps = track(tracker, [frame, frame, scene(man), frame])
    assert [len(sightings) for sightings in steps] == [1, 1, 0, 1], "looked for at the same place after a gap"
    assert len(tracker.believed()) == 1


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((700, 0, 800, 100), "does not lie in"),
        ((100, 100, 100, 200), "does not lie in"),
        ((0, 0, 100, 100), "nobody is seen"),
    ],
)
def test_box_without_anybody(box: tuple[int, ...], words: str, backbone: BlazePose) -> None:
    tracker = PeopleTracker(backbone, None, FPS)
    with pytest.raises(TarError, match=words):
        tracker.begin_with_box(0, np.full((HEIGHT, WIDTH, 3), 90, np.uint8), np.array(box))


def test_filter_keeps_still_and_follows() -> None:
    smoother = OneEuroFilter(30.0)
    still = np.array([[100.0, 50.0], [100.0, 10.0]])
    for _ in range(5):
        np.testing.assert_allclose(smoother(still, 1 / 80), still)
    noise = np.random.default_rng(0).normal(0, 0.5, (60, 2, 2))
    smooth = np.stack([smoother(still + sample, 1 / 80) for sample in noise])
    assert smooth.std(0).mean() < 0.6 * noise.std(0).mean()
    for step in range(30):
        moving = smoother(still + 10 * step, 1 / 80)
    assert np.abs(moving - (still + 290)).max() < 15, "a fast run is followed within a few frames"


def test_box_of_visible_points() -> None:
    points = np.array([[10.0, 10], [20, 10], [10, 60], [20, 60], [500, 500]])
    box = box_of_points(points, np.array([0.9, 0.9, 0.9, 0.9, 0.1]))
    np.testing.assert_allclose(box, [6, 6, 24, 64])
    assert (box_of_points(points, np.zeros(5))[2:] > 500).all(), "nothing visible: all points count"


boxes = st.builds(lambda x, y, w, h: np.array([x, y, x + w, y + h]), *[st.floats(0, 50)] * 2, *[st.floats(1, 50)] * 2)


@given(boxes, boxes)
def test_overlap_is_symmetric_and_bounded(a: np.ndarray, b: np.ndarray) -> None:
    assert 0 <= overlap(a, b) <= 1 + 1e-9
    assert overlap(a, b) == pytest.approx(overlap(b, a))
    assert overlap(a, a) == pytest.approx(1)


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6))
def test_matches_are_one_to_one(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    pairs = match_boxes(first, second, 0.3)
    assert len(set(pairs.values())) == len(pairs)
    assert all(overlap(first[i], second[j]) >= 0.3 for i, j in pairs.items())


def test_same_body_looks_at_limbs() -> None:
    points = np.random.default_rng(0).uniform(0, 200, (39, 2))
    assert same_body(points, points + 5, 200)
    assert not same_body(points, points + 20, 200)
    other_head = points.copy()
    other_head[:11] += 100
    assert same_body(points, other_head, 200)
