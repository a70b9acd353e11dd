"""The benchmark of hands."""

import numpy as np
import pytest

from benchmarks import bench_hands
from benchmarks.bench_hands import Score, degrees_between, report
from tar_core.rotations import axis_angle_to_matrix


def test_figures_are_of_large_hands_that_are_seen(capsys: pytest.CaptureFixture[str]) -> None:
    large, small, unseen = (
        Score(length, presence, joints=error, fingers=5, angle=error / 2, relaxed=20, palm=10)
        for length, presence, error in ((100, 0.9, 10), (50, 0.9, 90), (100, 0.1, 90))
    )
    report([large, small, unseen], [0.002, 0.004, 0.003])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "FIGURE_HANDS mpjpe_mm=10.0 angle_deg=5.0 ms_per_hand=3.0"


def test_angle_between_rotations() -> None:
    turn = axis_angle_to_matrix(np.array([[0, 0, 0.5], [0.1, 0, 0]]))
    np.testing.assert_allclose(degrees_between(turn, np.eye(3)[None]), np.degrees([0.5, 0.1]), atol=1e-6)


@pytest.mark.slow
def test_runs(egl: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_hands.main(["--count", "12"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("FIGURE_HANDS mpjpe_mm=")
