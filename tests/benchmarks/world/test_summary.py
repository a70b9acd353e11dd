"""Tables and the last line of the benchmark."""

import numpy as np

from benchmarks.world.scoring import Scores
from benchmarks.world.summary import COLUMNS, figure, header, row


def test_rows_have_a_value_for_each_column():
    scores = Scores(pa=np.array([40.0, 60]), focal=np.array([-10.0, 4, 6]), under=np.array([1.0, 0]))
    values = row("walk", scores).split()[1:]
    assert len(values) == len(COLUMNS)
    assert len(header("kind")) == len(row("walk", scores))
    named = dict(zip(COLUMNS, values, strict=True))
    assert (named["pa"], named["focal%"], named["under%"], named["wa"]) == ("50.0", "6.0", "50.0", "nan")


def test_the_figure_names_everything():
    scores = Scores(
        focal_within=np.array([True, False, True]),
        speed=np.linspace(0, 5, 101),
        true_speed=np.linspace(0, 2, 101),
        tilt=np.array([1.0, 3]),
        missed=np.zeros(4),
    )
    line = figure(scores)
    for name in (
        *("pa", "mpjpe", "wa_mpjpe", "rte", "root_speed_p99", "true_speed_p99", "slide_mm", "under_floor_percent"),
        *("jitter", "tilt_deg", "focal_percent", "focal_within", "missed", "switches"),
    ):
        assert f" {name}=" in line
    assert "focal_within=0.67" in line
    assert "root_speed_p99=4.95 true_speed_p99=1.98" in line and "tilt_deg=2.0" in line and "missed=0.0" in line
