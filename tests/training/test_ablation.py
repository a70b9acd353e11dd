"""The table's bookkeeping, and two of its rows trained for real."""

import csv
from dataclasses import replace

import pytest

from tar_core.evaluation.synthetic import Scores
from tar_core.training import ablation
from tar_core.training.ablation import ROWS, Row, append_result, main, read_results, table
from tests.model.test_tar import SMALL


def test_results_come_back_and_make_a_table(tmp_path):
    full, part = Scores(160.04, 110.0, 11.0, 40.0), Scores(170.0, 114.5, 12.0, 60.0)
    append_result(tmp_path / "a.csv", "full", full)
    append_result(tmp_path / "a.csv", "part", part)
    results = read_results(tmp_path / "a.csv")
    assert results == {"full": full, "part": part}
    lines = list(table(results))
    assert lines[2:] == ["| full | 160.0 | 110.0 | 11.0 | 40.0 |", "| part | 170.0 | 114.5 (+4.5) | 12.0 | 60.0 |"]


def test_rows_differ_from_the_first_in_what_they_say():
    full = ROWS["tar-s"]
    assert len({(row.config, row.data) for row in ROWS.values()}) == len(ROWS)
    for name, row in ROWS.items():
        assert row.config == full.config or row.data == full.data, name


def test_rows_are_trained_once(clips, monkeypatch, tmp_path, capsys):
    """Cached clips of another test, networks of a few hundred weights."""
    small = replace(SMALL, dropout=0.1)
    rows = {"all": Row(small), "half": Row(small, 0.5), "no GTE": Row(replace(small, use_global=False))}
    monkeypatch.setattr(ablation, "ROWS", rows)
    features = str(tmp_path / "features")
    arguments = ["--features", features, "--test", features, "--output", str(tmp_path / "runs")]
    arguments += ["--steps", "2", "--clips-per-step", "2", "--simulated", "0", "--rows"]
    assert main([*arguments, "all", "no GTE"]) == 0
    first = capsys.readouterr().out
    assert first.count("Scores(") == 2 and "| no GTE |" in first
    assert main([*arguments, "all", "half", "no GTE"]) == 0
    assert capsys.readouterr().out.count("Scores(") == 1, "only the new row is trained"
    with (tmp_path / "runs" / ablation.RESULTS).open() as file:
        assert [line["row"] for line in csv.DictReader(file)] == ["all", "no GTE", "half"]


def test_missing_clips_are_one_line(tmp_path, capsys):
    folder = str(tmp_path)
    assert main(["--features", folder, "--test", folder, "--output", str(tmp_path / "runs")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["without GTE", "without LTE", "without RRM", "the paper's parts only"])
def test_switches_are_off_where_a_row_says_so(name):
    config = ROWS[name].config
    switches = {
        "without GTE": [config.use_global],
        "without LTE": [config.use_local],
        "without RRM": [config.use_refinement],
        "the paper's parts only": [config.local_skip, config.landmark_residuals, config.steady_landmarks],
    }
    assert not any(switches[name])
