"""The plan for training tar-w48."""

import json
import re

import pytest

from benchmarks.gpu.__main__ import main, make_parser
from benchmarks.gpu.costs import backbone_gflops, table


def rows_of(*arguments):
    lines = list(table(make_parser().parse_args(["costs", *arguments])))
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    return "\n".join(lines), cells[1:]


def test_hours_follow_from_the_rates():
    text, (rendered, datasets) = rows_of("--tflops", "100", "--renders", "100")
    assert "assumed, not measured" in text and re.search(r"TAR 18\d per window", text)
    pictures = int(rendered[1].replace(",", ""))
    assert float(rendered[2]) == pytest.approx(pictures / 100 / 3600, abs=0.05) and float(datasets[2]) == 0
    assert float(rendered[3]) == pytest.approx(pictures * backbone_gflops() / 100e3 / 3600, abs=0.05)
    _, (faster, _) = rows_of("--tflops", "200", "--renders", "100")
    assert float(faster[4]) == pytest.approx(float(rendered[4]) / 2, abs=0.06)


def test_measured_rates_replace_the_assumed_ones(tmp_path, capsys):
    results = {
        "inference": {
            "tar-w48 bf16 batch 32 eager": {"tflops": 55.0},
            "tar-w48 bf16 batch 128 graph": {"not possible": "x"},
        },
        "rendering": {"driver": {"driver": "GPU"}, "16 processes": {"frames_per_second": 500.0}},
    }
    (tmp_path / "results.json").write_text(json.dumps(results))
    text, _ = rows_of("--results", str(tmp_path / "results.json"))
    assert "55 TFLOP/s, 500 rendered frames/s: measured" in text
    assert main(["costs", "--results", str(tmp_path / "none.json")]) == 2
    assert "run these stages" in capsys.readouterr().err
