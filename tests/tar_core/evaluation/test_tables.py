"""The paper's tables with our results in them."""

import csv
import json
from pathlib import Path

import pytest

from tar_core.evaluation.__main__ import main
from tar_core.evaluation.protocols import PROTOCOLS
from tar_core.evaluation.published import METRICS, TABLES, ResultRow, published, write_rows
from tar_core.evaluation.results import ALL, write_results
from tar_core.evaluation.tables import TABLES_FILE


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The folder of an evaluation on 3DPW and of an ablation."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "net.safetensors").write_bytes(b"weights")
    means = {"my network": {ALL: {"pa_mpjpe": 51.25, "mpjpe": 80.0, "pve": 99.0, "accel": float("nan")}}}
    write_results(folder, "3dpw", PROTOCOLS["3dpw"], means, {"a": 7}, folder / "net.safetensors", {})
    ablation = [ResultRow("5", "synthetic test", "L=3", {"pa_mpjpe": 110.0}, "tar-s, L = 3", is_ours=True)]
    write_rows(folder / TABLES_FILE, ablation)
    return folder


def test_all_published_rows_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["tables", "--output", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    for title in TABLES.values():
        assert f"### {title}" in lines
    for row in published():
        values = [f"{row.values[metric]:.1f}" for metric in METRICS if metric in row.values]
        matching = [line for line in lines if line.startswith(f"| {row.method}")]
        assert any(all(f" {value} " in line for value in values) for line in matching), row
    assert (tmp_path / "out" / "tables.md").read_text() == printed.removesuffix("\n")
    with (tmp_path / "out" / "tables.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(published())
    assert len(json.loads((tmp_path / "out" / "tables.json").read_text())["rows"]) == len(published())


def test_our_results_are_in_the_tables_of_their_dataset(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["tables", str(results), "--output", str(tmp_path / "out")]) == 0
    sections = dict(part.split("\n", 1) for part in capsys.readouterr().out.split("### ")[1:])
    for number in ("1", "2", "S1", "newer"):
        (line,) = [line for line in sections[TABLES[number]].splitlines() if "**my network**" in line]
        assert "| 51.2 | 80.0 |" in line and "checkpoint 9a129038" in line
    assert "my network" not in sections[TABLES["6"]]
    assert "| **L=3** (tar-s, L = 3) | 110.0 |" in sections[TABLES["5"]]


def test_unusable_results_are_errors(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (results / "other.json").write_text('{"rows": []}')
    assert main(["tables", str(results), "--output", str(tmp_path / "out")]) == 2
    assert "other.json: not a result of an evaluation" in capsys.readouterr().err
    assert main(["tables", str(tmp_path / "gone"), "--output", str(tmp_path / "out")]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
