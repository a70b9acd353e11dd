"""The bench on made-up clips: a step is counted, timed and taken apart."""

import re

import pytest
import torch

from benchmarks.bench_training import busy, main, peak_flops
from tar_core.training import trainer as training


def test_a_step_is_counted_and_taken_apart(capsys):
    plain = torch.Tensor.backward, training.refinement_loss
    assert main(["--clips-per-step", "2", "--steps", "1", "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert "10 windows a step" in printed
    figure = re.search(r"FIGURE windows_per_second=([\d.]+) peak_fraction=([\d.]+)", printed)
    assert float(figure[1]) > 0 and float(figure[2]) > 0
    shares = dict(
        re.findall(r"^(read the clips|GTE|LTE|RRM|losses|backwards|optimizer|rest) +(-?\d+) %$", printed, re.M)
    )
    assert len(shares) == 8 and sum(map(int, shares.values())) == pytest.approx(100, abs=5)
    assert int(shares["backwards"]) > int(shares["losses"])
    assert "aten::convolution_backward" in printed
    assert (torch.Tensor.backward, training.refinement_loss) == plain, "nothing stays wrapped"


def test_the_peak_is_by_the_seconds_that_the_device_worked():
    assert busy(3.0, 5.0, "cpu") == 5 and busy(3.0, 5.0, "cuda:0") == 3
    assert peak_flops("cpu", mixed_precision=False) > 1e9


def test_missing_clips_are_one_line(tmp_path, capsys):
    assert main(["--features", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
