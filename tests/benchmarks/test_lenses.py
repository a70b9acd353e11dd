import math

import pytest

from benchmarks.lenses import LENSES, WEIGHTS, Lens, main, median_and_spread, phone
from tar_core.camera.focal_length import FocalLengthBelief


def test_the_prior_is_that_of_the_table() -> None:
    median, spread = median_and_spread(LENSES)
    used = FocalLengthBelief.of_lenses()
    assert median == pytest.approx(math.exp(used.log_ratio), rel=0.02)
    assert spread == pytest.approx(used.error, rel=0.05)
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_kinds_are_weighted_not_lenses() -> None:
    cameras = tuple(lens for lens in LENSES if lens.kind == "photo camera")
    assert median_and_spread(LENSES + 5 * cameras)[0] == pytest.approx(median_and_spread(LENSES)[0], rel=0.03)
    long = (Lens("phone", "", 2.0, ""),) * 40
    assert median_and_spread(LENSES + long)[0] > 1.3 * median_and_spread(LENSES)[0]


def test_a_phone_shows_less_than_its_sensor() -> None:
    assert phone("", 26).ratio == pytest.approx(0.71, abs=0.01)


def test_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(LENSES) + 1 and lines[-1].startswith("FIGURE lens_median=")
