"""When and where is searched, with a scripted detector; the tracker's tests search real pictures."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tar_core.camera.crop import Crop, crop_from_box
from tar_core.people.search import MAX_LOOKS, TURNED_SCORE, PeopleSearch, Place, turn_back

HEIGHT, WIDTH = 40, 70
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
LEFT, RIGHT = np.array([2.0, 5, 12, 35]), np.array([50.0, 5, 60, 35])


class ScriptedDetector:
    """Reports one box in every picture, and keeps the pictures' shapes."""

    def __init__(self, box: np.ndarray) -> None:
        self.box = box
        self.shapes: list[tuple[int, ...]] = []

    def detect(self, image: np.ndarray, threshold: float) -> list[Any]:
        assert threshold == TURNED_SCORE
        self.shapes.append(image.shape[:2])
        return [SimpleNamespace(box=self.box, score=0.5)]


class ScriptedSecondLook:
    """Sees a person in every crop, or in none."""

    def __init__(self, sees: bool = True) -> None:
        self.sees = sees
        self.crops: list[Crop] = []

    def find_person(self, image: np.ndarray, crop: Crop) -> Any:
        self.crops.append(crop)
        center, half = np.array([crop.center_x, crop.center_y]), crop.size / 2.5
        box = np.concatenate([center - half, center + half])
        return SimpleNamespace(box=box, next_crop=lambda: crop) if self.sees else None


def make_search(look: ScriptedSecondLook, box: np.ndarray = LEFT) -> tuple[PeopleSearch, ScriptedDetector]:
    detector = ScriptedDetector(box)
    return PeopleSearch(detector, look, fps=10.0), detector  # type: ignore


def place(box: np.ndarray) -> Place:
    return Place(box, crop_from_box(box))


@pytest.mark.parametrize("turn", [0, 1, 2, 3, 5])
def test_box_is_turned_back(turn: int) -> None:
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    image[5:20, 30:34] = 1
    rows, columns = np.nonzero(np.rot90(image, turn))
    box = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
    assert turn_back(box, turn, image.shape).tolist() == [30, 5, 33, 19]


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_crop_has_the_direction_of_the_turned_picture(turn: int) -> None:
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    whole = np.array([0.0, 0, 63, 63])
    crop = Crop(31.5, 31.5, 64, turn * math.pi / 2)
    turned = crop_from_box(whole, margin=64 / 63)
    np.testing.assert_allclose(
        crop.cut(image).astype(float), turned.cut(np.ascontiguousarray(np.rot90(image, turn))).astype(float), atol=2
    )


def test_empty_frame_is_searched_in_all_directions_and_as_a_whole() -> None:
    look = ScriptedSecondLook(sees=False)
    search, detector = make_search(look, np.array([1.0, 1, 9, 9]))
    assert search.find(0, IMAGE, [], known=[]) == []
    assert sorted(detector.shapes) == [(HEIGHT, WIDTH), (WIDTH, HEIGHT), (WIDTH, HEIGHT)]
    assert len(look.crops) == MAX_LOOKS
    assert search.find(1, IMAGE, [], known=[]) == [] and len(detector.shapes) == 3, "not due"
    search.find(4, IMAGE, [], known=[])
    assert len(detector.shapes) == 6


def test_frame_with_people_is_turned_once_per_second() -> None:
    search, detector = make_search(ScriptedSecondLook(sees=False))
    for frame in range(30):
        search.find(frame, IMAGE, [], known=[RIGHT])
    assert detector.shapes == [(WIDTH, HEIGHT), (WIDTH, HEIGHT), (HEIGHT, WIDTH)]


def test_known_people_are_not_found_again() -> None:
    look = ScriptedSecondLook()
    search, _ = make_search(look, RIGHT)
    search.find(0, IMAGE, [], known=[LEFT])  # the turned picture is not due again
    found = search.find(1, IMAGE, [place(LEFT + 1), place(RIGHT), place(RIGHT + 1)], known=[LEFT])
    assert [person.crop.center_x for person in found] == [55]


def test_number_of_looks_is_limited() -> None:
    look = ScriptedSecondLook(sees=False)
    search, _ = make_search(look)
    search.find(0, IMAGE, [place(np.array([k, 0.0, k + 1, 5])) for k in range(10, 20)], known=[RIGHT])
    assert len(look.crops) == MAX_LOOKS


def test_empty_place_is_not_looked_at_again_soon() -> None:
    look = ScriptedSecondLook(sees=False)
    search, _ = make_search(look)
    search.find(0, IMAGE, [], known=[RIGHT])  # the turned picture is not due again
    looks = len(look.crops)
    for frame in range(1, 11):  # one second
        search.find(frame, IMAGE, [place(np.array([25.0, 5, 35, 35]))], known=[RIGHT])
    assert len(look.crops) - looks == 2 + 1  # the third is the turned picture
    for frame in range(11, 14):
        search.find(frame, IMAGE, [replace(place(np.array([25.0, 5, 35, 35])), is_lost=True)], known=[RIGHT])
    assert len(look.crops) - looks == 6
