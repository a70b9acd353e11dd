"""The benchmark of hands."""

import numpy as np
import pytest

from benchmarks import bench_hands
from benchmarks.bench_hands import Score, report
from benchmarks.face_errors import FaceScores


def test_figures_are_of_large_hands_that_are_seen(capsys: pytest.CaptureFixture[str]) -> None:
    large, small, unseen = (
        Score(length, presence, joints=error, fingers=5, angle=error / 2, relaxed=20, palm=10)
        for length, presence, error in ((100, 0.9, 10), (50, 0.9, 90), (100, 0.1, 90))
    )
    true = np.full((2, 8), 0.25)
    faces = FaceScores(
        found=true + 0.125, true=true, head=np.array([4.0, 8.0]), width=np.array([50.0, 120.0]), share=0.5
    )
    report([large, small, unseen], [0.002, 0.004, 0.003], faces)
    *_, head, last = capsys.readouterr().out.splitlines()
    assert head == "rotation of the head: mean 6.0, median 6.0 degrees"
    assert last == ("FIGURE_HANDS mpjpe_mm=10.0 angle_deg=5.0 face_key_error=0.125 face_neutral=0.250 ms_per_hand=3.0")


@pytest.mark.slow
def test_runs(egl: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_hands.main(["--count", "12", "--people", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("FIGURE_HANDS mpjpe_mm=")
