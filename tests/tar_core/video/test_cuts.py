"""Cuts of made-up footage: pictures of random shapes, seen by a camera that moves."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.video.cuts import NUM_FRAMES, mark_cuts
from tar_core.video.reader import VideoReader
from tests.support.videos import frames_of

WIDTH, HEIGHT = 320, 180


@cache
def place(seed: int) -> np.ndarray:
    """A wide picture [360, 1600, 3] of a place: shapes of all sizes in random colors."""
    rng = np.random.default_rng(seed)
    picture = np.full((360, 1600, 3), rng.integers(0, 255, 3), np.uint8)
    for _ in range(250):
        corner, size = rng.integers(0, (1600, 360)), rng.integers(8, 120, 2)
        cv2.rectangle(picture, corner.tolist(), (corner + size).tolist(), rng.integers(0, 255, 3).tolist(), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


def view(picture: np.ndarray, left: float, blur: int = 1) -> np.ndarray:
    """What a camera sees that points at `left`, smeared over `blur` pixels."""
    x = round(left)
    return cv2.blur(picture[90 : 90 + HEIGHT, x : x + WIDTH], (blur, 1))


def cuts(images: Sequence[np.ndarray]) -> list[int]:
    marked = list(mark_cuts(frames_of(images)))
    assert [frame.index for frame, _ in marked] == list(range(len(images))), "no frame is lost"
    return [frame.index for frame, is_first in marked if is_first]


@pytest.mark.parametrize("seed", range(4))
def test_shots_are_separated(seed: int) -> None:
    first, second = place(seed), place(seed + 100)
    pans = [view(first, 100 + 8 * k) for k in range(12)] + [view(second, 600 - 5 * k) for k in range(2 * NUM_FRAMES)]
    assert cuts(pans) == [12]
    assert cuts([view(first, 0)] * 5 + [view(second, 0)] * 5 + [view(first, 0)] * 5) == [5, 10], "back and forth"


def test_a_cut_near_the_ends_is_found() -> None:
    first, second = view(place(1), 0), view(place(2), 0)
    assert cuts([first] + [second] * 6) == [1]
    assert cuts([first] * 6 + [second]) == [6]


@pytest.mark.parametrize("seed", range(4))
def test_a_whip_pan_is_not_a_cut(seed: int) -> None:
    """It accelerates to a third of the picture per frame."""
    speeds = [0, 0, 5, 20, 50, 80, 110, 110, 110, 110, 80, 50, 20, 5, 0, 0]
    lefts = 100 + np.cumsum(speeds)
    assert cuts([view(place(seed), left, max(1, speed)) for left, speed in zip(lefts, speeds, strict=True)]) == []


@pytest.mark.parametrize("length", [1, 2, NUM_FRAMES - 1, 15])
def test_a_flash_is_not_a_cut(length: int) -> None:
    picture = view(place(3), 0)
    for flash in (np.full_like(picture, 255), cv2.addWeighted(picture, 0.2, np.full_like(picture, 255), 0.8, 0)):
        assert cuts([picture] * 6 + [flash] * length + [picture] * 6) == []


@pytest.mark.parametrize("gray", [0, 16, 255])
@pytest.mark.parametrize("length", [1, NUM_FRAMES, 15])
def test_pictures_on_both_sides_of_blank_frames_are_compared(gray: int, length: int) -> None:
    rng = np.random.default_rng(gray)
    blank = [np.clip(rng.normal(gray, 3, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8) for _ in range(length)]
    pan = [view(place(1), 20 * k) for k in range(12)]
    assert cuts([*pan[:6], *blank, *pan[6:]]) == []
    assert cuts([*pan[:6], *blank, *[view(place(2), 0)] * 6]) == [6 + length], "the shot begins after the black"
    assert cuts([*blank, *pan]) == [] and cuts([*pan, *blank]) == []


def test_a_fade_to_black_and_back_is_not_a_cut_but_one_to_another_place_is() -> None:
    picture, other = view(place(1), 0), view(place(2), 0)
    fade = [max(0.0, abs(k - 20) / 12 - 0.5) for k in range(41)]
    back = [(picture * min(1.0, light)).astype(np.uint8) for light in fade]
    assert cuts(back) == []
    away = [((picture if k < 20 else other) * min(1.0, light)).astype(np.uint8) for k, light in enumerate(fade)]
    (cut,) = cuts(away)
    assert 24 <= cut <= 28


@pytest.mark.parametrize("length", [9, 15, 30, 45])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_dissolve_is_a_cut_at_its_end(seed: int, length: int) -> None:
    """Of places that have little in common."""
    first, second = view(place(seed), 0), view(place(seed + 100), 0)
    shares = np.clip((np.arange(length + 60) - 29) / (length + 1), 0, 1)
    (cut,) = cuts([cv2.addWeighted(first, 1 - share, second, share, 0) for share in shares])
    assert 30 + length // 2 < cut <= 30 + length + 15


@pytest.mark.parametrize("speed", [0.6, 1.2])
@pytest.mark.parametrize("length", [15, 30])
def test_a_dissolve_between_cameras_that_pan_is_a_cut(length: int, speed: float) -> None:
    """By 0.6 to 1.2 pixels per frame of 320, with noise."""
    random = np.random.default_rng(0)
    shares = np.clip((np.arange(length + 60) - 29) / (length + 1), 0, 1)
    images = []
    for k, share in enumerate(shares):
        first, second = view(place(1), 200 + speed * k), view(place(101), 400 - speed * k)
        mixed = cv2.addWeighted(first, 1 - share, second, share, 0)
        images.append(np.clip(mixed + random.normal(0, 4, mixed.shape), 0, 255).astype(np.uint8))
    (cut,) = cuts(images)
    assert 30 + length // 2 < cut <= 30 + length + 15


def test_a_dissolve_of_a_picture_with_itself_is_not_a_cut() -> None:
    """Moved a little, as by a camera in the hand."""
    shares = np.clip((np.arange(60) - 20) / 20, 0, 1)
    one, other = view(place(2), 0), view(place(2), 30)
    assert cuts([cv2.addWeighted(one, 1 - share, other, share, 0) for share in shares]) == []


@pytest.mark.parametrize("zoom", [1.01, 1.03])
@pytest.mark.parametrize("speed", [0, 4, 10])
def test_a_zoom_with_a_pan_is_not_a_cut(zoom: float, speed: float) -> None:
    picture = place(8)
    images = []
    for k in range(40):
        scale = zoom**k
        matrix = np.array([[scale, 0, -scale * (100 + speed * k)], [0, scale, -scale * 90]])
        images.append(cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))
    assert cuts(images) == []


def test_light_that_changes_is_not_a_cut() -> None:
    picture = view(place(4), 0)
    assert cuts([picture] * 6 + [(picture * 0.4).astype(np.uint8)] * 6) == []


def test_a_static_picture_of_one_color_has_no_cut() -> None:
    gray = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    assert cuts([gray] * 12) == []
    assert cuts([gray] * 6 + [view(place(5), 0)] * 6) == [], "the shot fades in"


@pytest.mark.capture
def test_a_real_shot_has_no_cut_but_one_to_another_place(demo_video: Path) -> None:
    images = [frame.image for frame in VideoReader(demo_video).frames(end=19)]
    other = cv2.resize(place(6)[:, :480], images[0].shape[1::-1])
    assert cuts([*images, *[other] * 6]) == [20]
    shares = np.linspace(0, 1, 14)[1:]
    mixed = [
        cv2.addWeighted(image, 1 - share, other, share, 0) for image, share in zip(images[7:], shares, strict=True)
    ]
    (cut,) = cuts([*images[:7], *mixed, *[other] * 12])
    assert 14 <= cut <= 24, "a dissolve"
