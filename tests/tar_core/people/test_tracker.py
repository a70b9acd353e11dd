"""Tracking in frames of the demo video and in synthetic scenes."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.model.features import FrameFeatures
from tar_core.model.keypoints import Keypoints
from tar_core.people import tracker as tracker_module
from tar_core.people.boxes import box_iou
from tar_core.people.detector import PersonDetector
from tar_core.people.track import Sighting
from tar_core.people.tracker import MAX_GAP, STRONG_SCORE, PeopleTracker
from tar_core.video.reader import VideoReader
from tests.support.networks import load_once

FPS = 10.0  # of the synthetic scenes: a low rate, so that few frames are enough
WIDTH, HEIGHT = 640, 360

Backbone = Callable[[np.ndarray], FrameFeatures]
MoveNet = Callable[[np.ndarray], Keypoints]


@pytest.fixture(scope="module")
def networks() -> Networks:
    return load_once()


@pytest.fixture(scope="module")
def backbone(networks: Networks) -> Backbone:
    return networks.backbone


@pytest.fixture(scope="module")
def detector(networks: Networks) -> PersonDetector:
    assert networks.detector is not None
    return networks.detector


@pytest.fixture(scope="module")
def movenet(networks: Networks) -> MoveNet:
    return networks.movenet


@pytest.fixture(scope="module")
def man(demo_video: Path) -> np.ndarray:
    """The man in the first frame of the demo video, with a margin; he is 250 pixels tall."""
    import cv2

    image = next(VideoReader(demo_video).frames()).image
    return cv2.resize(image[320:1280, 300:660], (120, 320), interpolation=cv2.INTER_AREA)


def scene(man: np.ndarray, *positions: int, scale: float = 1.0) -> np.ndarray:
    """A gray frame with a copy of the man at each place (left edge, pixels); `scale` applies to all but the first."""
    import cv2

    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for number, left in enumerate(positions):
        copy = man if number == 0 else cv2.resize(man, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = copy.shape[:2]
        frame[20 : 20 + height, left : left + width] = copy
    return frame


def track(tracker: PeopleTracker, frames: list[np.ndarray]) -> list[list[Sighting]]:
    return [tracker.step(index, frame) for index, frame in enumerate(frames)]


def center(sighting: Sighting) -> float:
    return float(sighting.box[0] + sighting.box[2]) / 2


@pytest.mark.capture
def test_tracks_one_real_person(demo_video: Path, backbone: Backbone, detector: PersonDetector) -> None:
    reader = VideoReader(demo_video)
    tracker = PeopleTracker(backbone, detector, reader.fps, max_people=1)
    frames = [frame.image for frame in reader.frames(end=13)]
    steps = track(tracker, frames)
    assert [len(sightings) for sightings in steps] == [1] * 14
    assert {sighting.track_id for (sighting,) in steps} == {1}
    last = steps[-1][0]
    found = detector.detect(frames[-1])[0].box
    assert box_iou(last.box, found) > 0.6
    hips = last.crop.to_image(last.features.landmarks.points[0, 33])
    off_center = np.linalg.norm(hips - [last.crop.center_x, last.crop.center_y])
    assert off_center < 0.05 * last.crop.size, "the crop stays on the hips"
    assert [confirmed.track_id for confirmed in tracker.confirmed_tracks()] == [1]


@pytest.mark.capture
def test_looking_ahead_changes_little(demo_video: Path, backbone: Backbone, detector: PersonDetector) -> None:
    reader = VideoReader(demo_video)
    frames = [frame.image for frame in reader.frames(end=7)]
    batches: list[int] = []

    def counted(crops: np.ndarray) -> FrameFeatures:
        batches.append(len(crops))
        return backbone(crops)

    expected = track(PeopleTracker(backbone, detector, reader.fps, max_people=1), frames)
    tracker = PeopleTracker(counted, detector, reader.fps, max_people=1)
    pairs = zip(frames, [*frames[1:], None], strict=True)
    for (seen,), (same,) in zip((tracker.step(n, *pair) for n, pair in enumerate(pairs)), expected, strict=True):
        np.testing.assert_allclose(seen.box, same.box, atol=0.01 * same.crop.size)
    assert batches == [1, 1, 2, 2, 2, 1], "the detection twice, then pairs of frames, and the last one"


@pytest.mark.capture
def test_trackings_that_begin_at_different_frames_agree_exactly(
    demo_video: Path, backbone: Backbone, detector: PersonDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker_module, "RESTART_FRAMES", 5)
    frames = [frame.image for frame in VideoReader(demo_video).frames(end=24)]
    crops = []
    for first in (0, 10):
        tracker = PeopleTracker(backbone, detector, FPS, max_people=1)
        numbers = range(first, len(frames) - 1)
        steps = {number: tracker.step(number, frames[number], frames[number + 1]) for number in numbers}
        crops.append({number: sighting.crop for number, (sighting,) in steps.items()})
    whole, later = crops
    assert later[10] != whole[10] and all(later[number] == whole[number] for number in (20, 21, 22, 23))


@pytest.mark.parametrize(("top", "bottom", "left", "right"), [(300, 660, 160, 800), (320, 560, 260, 690)])
def test_crop_in_a_close_up_has_the_size_of_the_whole_body(
    top: int, bottom: int, left: int, right: int, demo_video: Path, backbone: Backbone, detector: PersonDetector
) -> None:
    import cv2

    image = next(VideoReader(demo_video).frames()).image
    close_up = cv2.resize(image[top:bottom, left:right], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    tracker = PeopleTracker(backbone, detector, FPS)
    steps = track(tracker, [close_up] * 4)
    assert [len(sightings) for sightings in steps] == [1] * 4
    assert [confirmed.track_id for confirmed in tracker.confirmed_tracks()] == [1]
    boxed = PeopleTracker(backbone, None, FPS)
    boxed.start_from_box(0, close_up, np.array([100, 0, 450, HEIGHT - 1]))
    whole = 960 * WIDTH / (right - left)  # the man is about 960 pixels tall in the video
    for sighting in (steps[-1][0], *boxed.step(0, close_up)):
        assert 0.7 * whole < sighting.crop.size < 1.5 * whole


def test_two_people_keep_their_track_ids(man: np.ndarray, backbone: Backbone, detector: PersonDetector) -> None:
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
    assert [confirmed.track_id for confirmed in tracker.confirmed_tracks()] == sorted([first, second])


def test_track_continues_after_a_short_gap(man: np.ndarray, backbone: Backbone, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    hidden = [4, 5, 6]
    steps = track(tracker, [scene(man, 250) if k not in hidden else scene(man) for k in range(10)])
    assert [len(sightings) for sightings in steps] == [0 if k in hidden else 1 for k in range(10)]
    assert {sighting.track_id for sightings in steps for sighting in sightings} == {1}


def test_person_who_returns_after_a_second_has_another_track_but_is_the_same(
    man: np.ndarray, backbone: Backbone, detector: PersonDetector
) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    away = range(4, 14)
    assert len(away) > MAX_GAP * FPS
    steps = track(tracker, [scene(man, 250) if k not in away else scene(man) for k in range(19)])
    assert {sighting.track_id for sighting in steps[3]} == {1}
    assert {sighting.track_id for sighting in steps[-1]} == {2}
    (person,) = tracker.confirmed_people()
    np.testing.assert_array_equal(person.frames, [0, 1, 2, 3, 14, 15, 16, 17, 18])


def test_cut_ends_all_tracks(man: np.ndarray, backbone: Backbone, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    for number in range(12):
        if number == 6:
            tracker.cut(number)
        (sighting,) = tracker.step(number, scene(man, 250))
        assert sighting.track_id == 1 + (number >= 6), "the next shot is searched at once"
    before, after = tracker.confirmed_people()
    assert before.frames.tolist() == list(range(6)) and after.frames.tolist() == list(range(6, 12))


def recolored(man: np.ndarray) -> np.ndarray:
    """The man with a blue skin and reddish shorts, and his surroundings in other colors too."""
    return np.ascontiguousarray(man[..., ::-1])


def cut_out(man: np.ndarray) -> np.ndarray:
    """Mask [H, W] of the man: what GrabCut separates from the surroundings."""
    import cv2

    mask = np.full(man.shape[:2], cv2.GC_PR_BGD, np.uint8)
    mask[30:300, 30:90] = cv2.GC_PR_FGD
    mask[:8] = mask[-8:] = cv2.GC_BGD
    cv2.grabCut(man, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    return (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)


def crossing(man: np.ndarray, places: Iterable[tuple[int, int]]) -> Iterator[np.ndarray]:
    """Frames with the man, and the recolored man in front of him, at the given places (left edges)."""
    mask, height, width = cut_out(man), *man.shape[:2]
    for pair in places:
        frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
        for person, left in zip((man, recolored(man)), pair, strict=True):
            frame[20 : 20 + height, left : left + width][mask] = person[mask]
        yield frame


def test_painting_over_the_man_in_front_shows_the_one_behind(man: np.ndarray, backbone: Backbone) -> None:
    """About half of him is covered. With more than that, painting does not help."""
    from tar_core.people.occlusion import paint_over

    alone, front, both = scene(man, 250), scene(man, 300), next(crossing(man, [(250, 300)]))
    crops = []
    for frame, left in ((alone, 250), (front, 300)):
        tracker = PeopleTracker(backbone, None, FPS)
        tracker.start_from_box(0, frame, np.array([left, 20, left + 120, 340]))
        (sighting,) = tracker.step(0, frame)
        crops.append((sighting.crop, sighting.features.landmarks.points[0]))
    (crop, expected), (front_crop, front_points) = crops
    picture = crop.cut(both)
    painted = paint_over(picture, crop.from_image(front_crop.to_image(front_points)))
    errors = []
    for shown in (picture, painted):
        found = backbone(shown[None]).landmarks.points[0]
        errors.append(np.linalg.norm(found[11:33] - expected[11:33], axis=1).mean())
    assert errors[1] < 0.8 * errors[0], errors


@pytest.mark.slow
def test_people_who_cross_keep_their_identity(man: np.ndarray, backbone: Backbone, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, 30.0)
    lefts = [(130 + 6 * k, 390 - 6 * k) for k in range(45)]
    places, boxes = np.array(lefts) + man.shape[1] / 2, {}
    for number, frame in enumerate(crossing(man, lefts)):
        boxes |= {(sighting.track_id, number): center(sighting) for sighting in tracker.step(number, frame)}
    people = tracker.confirmed_people()
    assert len(people) == 2
    followed = [int(np.abs(places[0] - boxes[person.track_ids[0], 0]).argmin()) for person in people]
    assert sorted(followed) == [0, 1]
    for person, which in zip(people, followed, strict=True):
        assert person.frames[0] == 0 and person.frames[-1] == 44
        for frame, track_id in zip(person.frames.tolist(), person.track_ids.tolist(), strict=True):
            if abs(places[frame][0] - places[frame][1]) > 90:  # nearer, the landmarks mix them
                assert abs(boxes[track_id, frame] - places[frame][which]) < 40, f"frame {frame}"
    assert any(len(set(person.track_ids.tolist())) > 1 for person in people), "a track slips onto the other person"


def test_two_tracks_of_one_body_are_merged(man: np.ndarray, backbone: Backbone, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, None, FPS)
    frame = scene(man, 250)
    for box in ([255, 20, 365, 330], [250, 30, 370, 340]):
        tracker.start_from_box(0, frame, np.array(box))
    steps = track(tracker, [frame] * 2)
    assert [[sighting.track_id for sighting in sightings] for sightings in steps] == [[1], [1]]


def test_limit_of_one_keeps_the_largest_person(man: np.ndarray, backbone: Backbone, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS, max_people=1)
    steps = track(tracker, [scene(man, 400, 100, scale=0.7)] * 3)
    assert [len(sightings) for sightings in steps] == [1] * 3
    assert center(steps[-1][0]) > 400


def test_empty_scene_has_no_tracks(backbone: Backbone, detector: PersonDetector) -> None:
    tracker = PeopleTracker(backbone, detector, FPS)
    assert track(tracker, [np.full((HEIGHT, WIDTH, 3), 90, np.uint8)] * 3) == [[], [], []]
    assert tracker.confirmed_tracks() == []


def test_user_box_starts_a_track(man: np.ndarray, backbone: Backbone) -> None:
    tracker = PeopleTracker(backbone, None, FPS)
    frame = scene(man, 250)
    tracker.start_from_box(0, frame, np.array([250, 20, 370, 340]))
    steps = track(tracker, [frame, frame, scene(man), frame])
    assert [len(sightings) for sightings in steps] == [1, 1, 0, 1], "found again at the same place after a gap"
    assert len(tracker.confirmed_tracks()) == 1


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((700, 0, 800, 100), "is not inside"),
        ((100, 100, 100, 200), "is not inside"),
        ((0, 0, 100, 100), "shows no person"),
    ],
)
def test_user_box_without_a_person_is_rejected(box: tuple[int, ...], words: str, backbone: Backbone) -> None:
    tracker = PeopleTracker(backbone, None, FPS)
    with pytest.raises(TarError, match=words):
        tracker.start_from_box(0, np.full((HEIGHT, WIDTH, 3), 90, np.uint8), np.array(box))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_person_who_lies_or_is_upside_down_is_found(
    turns: int, man: np.ndarray, backbone: Backbone, detector: PersonDetector, movenet: MoveNet
) -> None:
    frame = scene(man)
    turned = np.rot90(man, turns)
    top, left = (HEIGHT - turned.shape[0]) // 2, 150
    frame[:] = 128
    frame[top : top + turned.shape[0], left : left + turned.shape[1]] = turned
    tracker = PeopleTracker(backbone, detector, FPS, movenet=movenet)
    steps = track(tracker, [frame] * 5)
    assert [len(sightings) for sightings in steps] == [1] * 5
    assert len(tracker.confirmed_tracks()) == 1
    expected = np.array([left, top, left + turned.shape[1], top + turned.shape[0]])
    assert box_iou(steps[-1][0].box, expected) > 0.5


def test_person_whom_the_detector_half_believes_is_found(
    man: np.ndarray, backbone: Backbone, detector: PersonDetector, movenet: MoveNet
) -> None:
    """A small man who stays below the score that starts a track."""
    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    frame[20:180, 250:310] = man[::2, ::2]
    detections = detector.detect(frame, 0.2)
    assert max(detection.score for detection in detections) < STRONG_SCORE
    without = PeopleTracker(backbone, detector, FPS)
    assert track(without, [frame] * 5) == [[]] * 5
    tracker = PeopleTracker(backbone, detector, FPS, movenet=movenet)
    assert [len(sightings) for sightings in track(tracker, [frame] * 5)] == [1] * 5
    assert len(tracker.confirmed_tracks()) == 1


def test_second_look_does_not_find_a_person_twice(
    man: np.ndarray, backbone: Backbone, detector: PersonDetector, movenet: MoveNet
) -> None:
    tracker = PeopleTracker(backbone, detector, FPS, movenet=movenet)
    steps = track(tracker, [scene(man, 60, 440) for _ in range(12)])
    assert [len(sightings) for sightings in steps] == [2] * 12
    assert len(tracker.confirmed_tracks()) == 2


def test_second_look_finds_nobody_in_an_empty_scene(
    backbone: Backbone, detector: PersonDetector, movenet: MoveNet
) -> None:
    tracker = PeopleTracker(backbone, detector, FPS, movenet=movenet)
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    assert track(tracker, [noise] * 6) == [[]] * 6
    assert tracker.confirmed_tracks() == []


@pytest.mark.slow
@pytest.mark.capture
def test_second_look_is_rare_in_ordinary_video(
    demo_video: Path, backbone: Backbone, detector: PersonDetector, movenet: MoveNet
) -> None:
    runs = {"backbone": 0, "movenet": 0}

    def counted(name: str, network: Any) -> Any:
        def run(crops: Any) -> Any:
            runs[name] += len(crops)
            return network(crops)

        return run

    tracker = PeopleTracker(
        counted("backbone", backbone), detector, 30.0, max_people=1, movenet=counted("movenet", movenet)
    )
    frames = [frame.image for frame in VideoReader(demo_video).frames(end=79)][::2]
    assert [len(sightings) for sightings in track(tracker, frames)] == [1] * 40
    assert runs["backbone"] <= 42
    assert runs["movenet"] <= 2, "in the second frame, and once per second"
