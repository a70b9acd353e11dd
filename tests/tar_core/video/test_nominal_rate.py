"""The constant frame rate that is chosen for a file."""

import numpy as np
import pytest

from tar_core.video.nominal_rate import nominal_fps, shown_seconds


@pytest.mark.parametrize(
    ("container_fps", "steps", "expected"),
    [
        (30.0, [1 / 30] * 20, 30.0),
        (59.94, [0.017, 0.017, 0.016] * 8, 59.94),  # stamps rounded to milliseconds
        (21.9, [1 / 30] * 20 + [0.4, 1 / 15], 30.0),  # variable: the container's rate is an average
        (0.0, [0.04] * 20, 25.0),
        (12.5, [0.08] * 5, 12.5),
        (0.0, [], 30.0),
        (25.0, [1 / 60, 1 / 20], 60.0),  # too few time stamps
        (20.0, [0.1] * 25 + [1 / 30] * 125, 30.0),  # a slow start
        (14.0, [0.1] * 50 + [1 / 30] * 30, 30.0),  # more slow images than fast ones, which are not to be lost
        (30.0, [0.029, 0.037, 0.034, 0.031, 0.0355] * 9, 30.0),  # an irregular camera
        (30.0, [1 / 30] * 20 + [90.0] + [1 / 30] * 20, 30.0),  # a splice
    ],
)
def test_nominal_fps(container_fps: float, steps: list[float], expected: float) -> None:
    assert nominal_fps([container_fps], np.cumsum([0.0, *steps])) == pytest.approx(expected, rel=1e-3)


def test_a_splice_counts_as_one_frame() -> None:
    assert shown_seconds(np.array([0.0, 0.1, 90.1, 90.2]), 10.0) == pytest.approx(0.4)
