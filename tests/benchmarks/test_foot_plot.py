"""The figure of foot locking."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.foot_plot import draw_feet
from benchmarks.recordings import with_errors
from tar_core.body.data import load_body
from tar_core.motion import MotionClip
from tar_core.synthetic.motions import FPS
from tests.support.recordings import standing_person


def test_figure_is_drawn_and_foot_locking_reduces_every_measure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body, random = load_body(), np.random.default_rng(0)
    person = with_errors(standing_person(body, random), random)
    person.boxes[:, 2:] = 100
    clip = MotionClip(FPS, 640, 480, 800, np.array([320, 240]), "a.mp4", [person])
    draw_feet(clip, body, 0.3, tmp_path / "feet.png")
    assert (tmp_path / "feet.png").stat().st_size > 5000
    printed = capsys.readouterr().out
    for line in ("feet in stance slide", "jitter", "largest angular acceleration of the knees"):
        captured, _, locked = (float(number) for number in printed[printed.index(line) :].splitlines()[0].split()[-3:])
        assert locked < captured, line
