import numpy as np

from tar_core.people.one_euro import OneEuroFilter


def test_filter_removes_jitter_and_follows_fast_motion() -> None:
    smoother = OneEuroFilter(30.0)
    still = np.array([[100.0, 50.0], [100.0, 10.0]])
    for _ in range(5):
        np.testing.assert_allclose(smoother(still, 1 / 80), still)
    noise = np.random.default_rng(0).normal(0, 0.5, (60, 2, 2))
    smooth = np.stack([smoother(still + sample, 1 / 80) for sample in noise])
    assert smooth.std(0).mean() < 0.6 * noise.std(0).mean()
    for step in range(30):
        moving = smoother(still + 10 * step, 1 / 80)
    assert np.abs(moving - (still + 290)).max() < 15, "fast motion is followed within a few frames"
