"""Rows and tables of the ablation study, and some rows that are trained."""

import csv
from dataclasses import replace

import pytest

from tar_core.evaluation.clips import Scores
from tar_core.evaluation.published import read_rows
from tar_core.evaluation.tables import TABLES_FILE
from tar_core.training import ablation
from tar_core.training.ablation import (
    BASES,
    TABLES,
    Row,
    append_result,
    find_scores,
    main,
    read_results,
    report,
    rows_of,
    table,
)
from tests.support.tar_models import SMALL

FULL, PART = Scores(160.04, 110.0, 11.0, 40.0), Scores(170.0, 114.5, 12.0, 60.0)


def test_results_are_read_back_and_make_a_table(tmp_path):
    append_result(tmp_path / "a.csv", "tar-s", FULL)
    append_result(tmp_path / "a.csv", "without GTE", PART)
    results = read_results(tmp_path / "a.csv")
    assert results == {"tar-s": FULL, "without GTE": PART}
    lines = list(table(results, rows_of("tar-s"), ["tar-s", "without GTE", "without LTE"]))
    assert len(lines) == 4, "rows without scores are omitted"
    assert lines[2].startswith("| tar-s | ") and lines[2].endswith(" | 110.0 | 160.0 | 40.0 | 11.0 |")
    assert lines[3].endswith(" | 114.5 (+4.5) | 170.0 | 60.0 | 12.0 |")


def test_rows_equal_to_the_base_need_no_training():
    rows = rows_of("tar-s")
    assert find_scores({"tar-s": FULL}, rows, "L = 5") == find_scores({"tar-s": FULL}, rows, "S = 16") == FULL
    assert find_scores({"tar-s": FULL}, rows, "L = 3") is None and find_scores({"gone": FULL}, rows, "L = 5") is None
    lines = "\n".join(report({"tar-s": FULL}, rows, ["L"], "300 steps."))
    assert "300 steps." in lines and "| L = 5 |" in lines and "L = 3" not in lines


@pytest.mark.parametrize("base", BASES)
def test_rows_differ_from_the_base_in_one_setting(base):
    rows = rows_of(base)
    assert {name for _, names in TABLES.values() for name in names} == set(rows) - {base}
    for name, row in rows.items():
        assert row.config == rows[base].config or row.data == rows[base].data, name
    for length in (3, 5, 7, 9):
        assert rows[f"L = {length}"].config.local_length == length
    for side in (64, 32, 16, 8):
        assert rows[f"S = {side}"].config.local_size == side
    assert not rows["without RRM"].config.use_refinement and rows["without RRM"].config.use_local
    assert not rows["without LTE"].config.use_local and rows["without LTE"].config.use_global
    assert not rows["without GTE"].config.use_global and rows["without GTE"].config.use_local


def test_paper_base_has_only_the_papers_parts():
    config = BASES["paper"]
    additions = config.local_skip, config.landmark_residuals, config.steady_landmarks, config.joint_errors
    assert not any(additions)
    assert rows_of("tar-s")["the paper's parts only"].config == config


@pytest.mark.slow
def test_rows_are_trained_once(clips, monkeypatch, tmp_path, capsys):
    """Small networks on random clips."""
    small = replace(SMALL, dropout=0.1)
    rows = {
        "tar-s": Row(small),
        "same": Row(small),
        "half": Row(small, 0.5),
        "no GTE": Row(replace(small, use_global=False)),
    }
    monkeypatch.setattr(ablation, "rows_of", lambda base: rows)
    monkeypatch.setattr(ablation, "TABLES", {"parts": ("Parts", ("no GTE", "same")), "clips": ("Clips", ("half",))})
    features = str(tmp_path / "features")
    arguments = ["--features", features, "--test", features, "--output", str(tmp_path / "runs")]
    arguments += ["--steps", "2", "--clips-per-step", "2", "--simulated", "0", "--tables"]
    assert main([*arguments, "parts"]) == 0
    first = capsys.readouterr().out
    assert first.count("Scores(") == 2 and "| no GTE |" in first and "| same |" in first
    assert main([*arguments, "parts", "clips"]) == 0
    assert capsys.readouterr().out.count("Scores(") == 1, "only the new row is trained"
    with (tmp_path / "runs" / ablation.RESULTS).open() as file:
        assert [line["row"] for line in csv.DictReader(file)] == ["tar-s", "no GTE", "half"]
    written = (tmp_path / "runs" / ablation.REPORT).read_text()
    assert "2 steps of 2 clips" in written and "### Parts" in written and "| half |" in written
    assert "| GTE only, table 4 of the paper, 3DPW | – | – | 41.8 | 66.7 | 16.0 | – |" in written
    assert [row.method for row in read_rows(tmp_path / "runs" / TABLES_FILE)] == ["TAR", "both"]


def test_missing_clips_are_reported_in_one_line(tmp_path, capsys):
    folder = str(tmp_path)
    assert main(["--features", folder, "--test", folder, "--output", str(tmp_path / "runs")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
