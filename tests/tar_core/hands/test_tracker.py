"""Following hands, with a network that finds an open hand where there is one."""

import numpy as np
import pytest

from tar_core.hands.tracker import HandTracker, SeenHand
from tar_core.model.hand_landmarks import HAND_CELLS, HAND_CODE_SIZE, HandLandmarks
from tar_core.people.looks import LEFT_HAND, RIGHT_HAND, looks_at
from tar_core.people.track import Sighting
from tests.support.hands import OPEN_HAND
from tests.support.sightings import CAMERA, made_up_sighting, random_world

IMAGE = np.zeros((480, 640, 3), np.uint8)
WRISTS = {0: np.array([200.0, 240.0]), 1: np.array([440.0, 240.0])}  # left and right hand, pixels
PALM = 40.0  # pixels


def sighting(frame: int, visibility: float = 1.0, scale: float = 1.0, shift: float = 0.0) -> Sighting:
    """A person of 2 m in 1000 pixels, times `scale`, with both hands up."""
    world = random_world()
    points = world[:, :2].astype(np.float64) * 500
    for side, wrist in WRISTS.items():
        for row, offset in zip((15, 17, 19), ((0, 0), (-0.4, -0.85), (0.3, -0.95)), strict=True):
            points[row + side] = wrist + shift + np.array(offset) * PALM
    points = (points - points.mean(0)) * scale + points.mean(0)
    return made_up_sighting(frame, points, world, visibility)


class Network:
    """Finds the open hand in the middle of every crop.

    Attributes:
        presence: of the hand.
        crops: number of crops in each call.
    """

    def __init__(self, presence: float = 0.9) -> None:
        self.presence = presence
        self.crops: list[int] = []

    def __call__(self, crops: np.ndarray) -> HandLandmarks:
        count = len(crops)
        self.crops.append(count)
        points = np.append(OPEN_HAND * 60 + [112, 160], np.zeros((21, 1)), 1)
        scores = np.full(count, self.presence, np.float32)
        code, cells = (np.zeros((count, *shape), np.float32) for shape in ((HAND_CODE_SIZE,), HAND_CELLS))
        return HandLandmarks(np.repeat(points[None], count, 0), code, cells, scores)


def run(network: Network, sightings: list[Sighting]) -> tuple[list[SeenHand], list[SeenHand]]:
    tracker = HandTracker(network)
    for seen in sightings:
        tracker.step(seen.frame, IMAGE, [seen], CAMERA)
    person = {seen.frame: 1 for seen in sightings}
    return looks_at(person, LEFT_HAND, tracker.looks), looks_at(person, RIGHT_HAND, tracker.looks)


def test_moving_hands_are_looked_at_in_turns() -> None:
    network = Network()
    left, right = run(network, [sighting(frame, shift=6.0 * frame) for frame in range(20)])
    assert network.crops[0] == 2 and max(network.crops[1:]) == 1
    assert 9 <= len(left) <= 11 and 9 <= len(right) <= 11
    assert [look.frame for look in left] == sorted(look.frame for look in left)


def test_resting_hands_are_looked_at_less_often() -> None:
    network = Network()
    run(network, [sighting(frame) for frame in range(40)])
    assert sum(network.crops) <= 24


@pytest.mark.parametrize("hidden", [{"visibility": 0.3}, {"scale": 0.15}])
def test_hidden_and_small_hands_are_not_looked_at(hidden: dict[str, float]) -> None:
    network = Network()
    run(network, [sighting(frame, **hidden) for frame in range(10)])
    assert not network.crops


def test_crops_without_a_hand_are_no_looks() -> None:
    left, right = run(Network(presence=0.2), [sighting(frame) for frame in range(10)])
    assert not left and not right


def test_only_frames_of_the_person_count() -> None:
    tracker = HandTracker(Network())
    for frame in range(10):
        tracker.step(frame, IMAGE, [sighting(frame, shift=6.0 * frame)], CAMERA)
    left = looks_at({3: 1, 4: 1, 5: 2, 6: 1}, LEFT_HAND, tracker.looks)
    assert {look.frame for look in left} <= {3, 4, 6}


def test_a_hand_off_the_middle_is_seen_along_another_ray() -> None:
    left, right = run(Network(), [sighting(frame) for frame in range(2)])
    for (look, *_), side in ((left, 0), (right, 1)):
        x, _, z = look.view[:, 2]
        column = CAMERA.principal_point[0] + CAMERA.focal_length * x / z
        assert abs(column - WRISTS[side][0]) < PALM


class BrightHand(Network):
    """Finds the bright hand, wherever it is in a crop."""

    def __call__(self, crops: np.ndarray) -> HandLandmarks:
        found = super().__call__(crops)
        centers = [np.argwhere(crop[..., 0] > 127).mean(0)[::-1] for crop in crops]
        points = found.points.copy()
        points[..., :2] += np.array(centers)[:, None] - points[:, :1, :2]  # the wrist is in the middle of the spot
        return found._replace(points=points)


def test_a_hand_that_is_hidden_by_the_other_one_does_not_follow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WRISTS, 0, np.array([415.0, 240.0]))
    image = IMAGE.copy()
    x, y = WRISTS[1].astype(int)
    image[y - 5 : y + 6, x - 5 : x + 6] = 255
    tracker = HandTracker(BrightHand())
    for frame in range(12):
        tracker.step(frame, image, [sighting(frame)], CAMERA)
    person = dict.fromkeys(range(12), 1)
    left, right = (looks_at(person, side, tracker.looks) for side in (LEFT_HAND, RIGHT_HAND))
    assert len(left) <= 1, "the first look, when the other hand is not known yet"
    assert len(right) >= 3
