"""The training benchmark on random clips: a step is timed and profiled."""

import re

import pytest
import torch

from benchmarks import bench_training
from benchmarks.bench_training import busy, main, peak_flops
from tar_core.training import trainer as training


@pytest.mark.slow
def test_step_is_timed_and_profiled(capsys, monkeypatch):
    monkeypatch.setattr(bench_training, "WARMUP", 0)
    monkeypatch.setattr(bench_training, "PROFILED", 1)
    plain = torch.Tensor.backward, training.refinement_loss
    assert main(["--clips-per-step", "2", "--steps", "1", "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert "10 windows per step" in printed
    figure = re.search(r"FIGURE windows_per_second=([\d.]+) peak_fraction=([\d.]+)", printed)
    assert float(figure[1]) > 0 and float(figure[2]) > 0
    shares = dict(
        re.findall(r"^(read the clips|GTE|LTE|RRM|losses|backward|optimizer|rest) +(-?\d+) %$", printed, re.M)
    )
    assert len(shares) == 8 and sum(map(int, shares.values())) == pytest.approx(100, abs=5)
    assert int(shares["backward"]) > int(shares["losses"])
    assert "aten::convolution_backward" in printed
    assert (torch.Tensor.backward, training.refinement_loss) == plain, "the wrappers are removed"


def test_peak_uses_processor_time_on_the_cpu():
    assert busy(3.0, 5.0, "cpu") == 5 and busy(3.0, 5.0, "cuda:0") == 3
    assert peak_flops("cpu", mixed_precision=False) > 1e9


def test_missing_clips_give_a_one_line_error(tmp_path, capsys):
    assert main(["--features", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
