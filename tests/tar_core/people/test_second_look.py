"""Both landmark networks on crops of the demo video."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tar_core.camera.crop import CROP_SIZE, Crop
from tar_core.capture.networks import Networks
from tar_core.model.keypoints import BLAZEPOSE_POINTS
from tar_core.people.second_look import MAX_DISTANCE, SecondLook, SeenBody, agree
from tar_core.people.track import CropView
from tests.support.networks import load_once
from tests.support.paths import DATA

REFERENCE = np.load(DATA / "movenet_reference.npz")
UPRIGHT, LYING, UPSIDE_DOWN, WITHOUT_PERSON = 0, 1, 2, 6  # crops of the reference
WHOLE = Crop((CROP_SIZE - 1) / 2, (CROP_SIZE - 1) / 2, CROP_SIZE)


def picture(number: int) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(REFERENCE[f"jpeg_{number}"], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return load_once()


@pytest.fixture(scope="module")
def see(networks: Networks) -> Callable[[np.ndarray, Crop], CropView]:
    return lambda image, crop: CropView(crop, networks.backbone(crop.cut(image)[None]), image)


@pytest.fixture(scope="module")
def second_look(networks: Networks, see: Callable[[np.ndarray, Crop], CropView]) -> SecondLook:
    return SecondLook(networks.movenet, see, 30.0)


@pytest.mark.parametrize(("number", "roll"), [(UPRIGHT, 0.0), (LYING, -math.pi / 2), (UPSIDE_DOWN, math.pi)])
def test_person_is_found_in_any_direction(number: int, roll: float, second_look: SecondLook) -> None:
    view = second_look.find_person(picture(number), WHOLE)
    assert view is not None
    off = (view.crop.roll - roll + math.pi) % (2 * math.pi) - math.pi
    assert abs(off) < math.pi / 4, "the crop is turned so that the trunk is roughly upright"
    assert view.score > 0.9


def test_crop_without_a_person_shows_nobody(second_look: SecondLook) -> None:
    assert second_look.find_person(picture(WITHOUT_PERSON), WHOLE) is None
    assert second_look.find_person(np.full((256, 256, 3), 90, np.uint8), WHOLE) is None


def test_blazepose_upside_down_is_corrected(
    second_look: SecondLook, see: Callable[[np.ndarray, Crop], CropView]
) -> None:
    """BlazePose takes a man who is upside down in his crop for one who is upright, and is not corrected otherwise."""
    image = picture(UPSIDE_DOWN)
    corrected = second_look.corrected(image, see(image, WHOLE))
    assert corrected is not None
    assert second_look.confirms(image, corrected)
    assert second_look.corrected(image, corrected) is None


def test_networks_agree_within_a_fraction_of_the_crop(see: Callable[[np.ndarray, Crop], CropView]) -> None:
    view = see(picture(UPRIGHT), WHOLE)
    points = view.points[list(BLAZEPOSE_POINTS)]
    assert agree(SeenBody(points, np.ones(17)), view)
    assert not agree(SeenBody(points, np.full(17, 0.1)), view), "a body that is hardly seen"
    assert not agree(SeenBody(points + [1.5 * MAX_DISTANCE * CROP_SIZE, 0], np.ones(17)), view)


def test_crop_needs_a_trunk() -> None:
    points, scores = np.random.default_rng(0).uniform(0, 100, (17, 2)), np.ones(17)
    assert SeenBody(points, scores).crop() is not None
    scores[11:13] = 0.1  # the hips
    assert SeenBody(points, scores).crop() is None


def test_crop_contains_the_body_and_its_trunk_is_upright() -> None:
    points = np.zeros((17, 2))
    points[5:7], points[11:13], points[15:17] = (60, 10), (20, 10), (-40, 10)  # head to the right
    crop = SeenBody(points, np.ones(17)).crop()
    assert crop is not None
    assert (crop.center_x, crop.center_y) == (20, 10)
    assert crop.roll == pytest.approx(math.pi / 2)
    assert crop.size > 120
