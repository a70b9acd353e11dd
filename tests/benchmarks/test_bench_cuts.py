import numpy as np

from benchmarks.bench_cuts import cuts, dissolve


def test_dissolve_goes_from_one_clip_to_the_other_and_is_found() -> None:
    random = np.random.default_rng(0)
    first, second = (random.integers(0, 255, (36, 64, 3), np.uint8) for _ in range(2))
    images = list(dissolve([first] * 30, [second] * 30, 12))
    assert len(images) == 30 + 30 - 12
    np.testing.assert_array_equal(images[17], first)
    np.testing.assert_array_equal(images[30], second)
    (cut,) = cuts(iter(images))
    assert 24 <= cut <= 36
    assert cuts(dissolve([first] * 30, [first] * 30, 12)) == []
