"""The motion benchmark on a short recording."""

import re

import numpy as np
import pytest

from benchmarks import bench_motion
from benchmarks.bench_motion import bench_recordings, print_figure
from benchmarks.recordings import sitting_down
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints


@pytest.mark.parametrize("moving_camera", [False, True])
def test_clean_up_reduces_the_errors(
    moving_camera: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_motion, "CAMERAS", 1)
    monkeypatch.setattr(bench_motion, "KINDS", ("sit_down",))
    monkeypatch.setattr(bench_motion, "EXTRA_KINDS", ())
    body = load_body()
    results = bench_recordings([sitting_down(rest_joints(body, np.zeros(10)))], body, moving_camera)
    (measures,) = results.measures
    assert measures.slide_after < measures.slide_before
    assert measures.acceleration_after < measures.acceleration_before
    assert len(results.hits_before) == len(results.hits_after) > 0
    print_figure(results)
    header, row, figure = capsys.readouterr().out.splitlines()
    assert "before" in header and row.startswith("sit_down")
    assert re.search(r"FIGURE tilt_deg=[\d.]+ .* slide_mm=[\d.]+ .* hits_before=[\d.]+", figure)
