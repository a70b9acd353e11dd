import numpy as np
import pytest

from benchmarks.bench_cuts import CAMERAS, cuts, dissolve, forward_and_back, seen_by


def test_dissolve_goes_from_one_clip_to_the_other_and_is_found() -> None:
    random = np.random.default_rng(0)
    first, second = (random.integers(0, 255, (36, 64), np.uint8) for _ in range(2))
    images = list(dissolve([first] * 30, [second] * 30, 12))
    assert len(images) == 30 + 30 - 12
    np.testing.assert_array_equal(images[17], first)
    np.testing.assert_array_equal(images[30], second)
    (cut,) = cuts(iter(images))
    assert 24 <= cut <= 36
    assert cuts(dissolve([first] * 30, [first] * 30, 12)) == []


def test_shot_turns_back_at_its_ends() -> None:
    numbers = forward_and_back(np.arange(4), 12, np.random.default_rng(0))
    assert set(numbers) == {0, 1, 2, 3} and set(np.abs(np.diff(numbers))) == {1}


@pytest.mark.parametrize("camera", CAMERAS)
def test_cameras_move(camera: str) -> None:
    image = np.linspace(0, 255, 256)[None].repeat(144, 0).astype(np.uint8)
    seen = seen_by(camera, image[None].repeat(40, 0), np.random.default_rng(0))
    assert seen[0].shape == (36, 64)
    assert (np.abs(seen[0].astype(int) - seen[-1]).max() > 1) == (camera != "still")
