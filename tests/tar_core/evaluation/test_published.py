"""Published results."""

import csv
from pathlib import Path

import pytest

from tar_core.errors import TarError
from tar_core.evaluation.protocols import PROTOCOLS, TITLES
from tar_core.evaluation.published import (
    COMPARISONS,
    METRICS,
    TABLES,
    ResultRow,
    published,
    published_in,
    read_rows,
    write_rows,
)
from tests.support.paths import DATA

PAPER = set(TABLES) - {"newer", "world"}
# Names in tests/data/paper that are others here.
DATASETS = {"h36m": "h36m-p2"}
COLUMNS = {"mve": "pve", "mve_pa": "pa_pve", "mpjae_deg": "mpjae", "mpjae_pa_deg": "pa_mpjae"}


def test_all_tables_of_the_paper_are_there() -> None:
    counts = {table: len(published_in(table)) for table in TABLES}
    assert counts == {
        **{"1": 26, "2": 14, "3": 2, "4": 3, "5": 4, "6": 5, "7": 4, "S1": 9, "S2": 2, "S3": 4},
        **{"newer": 12, "world": 4},
    }
    assert {row.table for row in published()} == set(TABLES)


def figures_in(name: str, **table: str) -> list[tuple[tuple[str, str, str], list[tuple[str, float]]]]:
    """Keys and figures of a transcription of the paper in tests/data/paper; `table` has what its rows do not tell."""
    with (DATA / "paper" / name).open() as file:
        rows = [table | row for row in csv.DictReader(file)]
    about = ("table", "dataset", "method", "note")
    return [
        (
            (row["table"], DATASETS.get(row["dataset"], row["dataset"]), row["method"]),
            sorted((COLUMNS.get(key, key), float(text)) for key, text in row.items() if key not in about and text),
        )
        for row in rows
    ]


def test_every_figure_of_the_paper_is_as_printed() -> None:
    printed = figures_in("tables.csv") + figures_in("emdb1.csv", table="6", dataset="emdb1")
    ours = [
        ((row.table, row.dataset, row.method), sorted(row.values.items())) for row in published() if row.table in PAPER
    ]
    assert sorted(ours) == sorted(printed)


def test_figures_of_tar_are_the_same_in_all_tables() -> None:
    """The paper repeats the result of the whole network in its ablations."""
    whole = {"pa_mpjpe": 40.6, "mpjpe": 62.7, "pve": 74.4, "accel": 7.7}
    names = {"1": "TAR (HRNet)", "3": "TAR", "4": "both", "5": "L=5", "7": "TAR", "S2": "TAR", "S3": "S=64"}
    for table, name in names.items():
        (values,) = [row.values for row in published_in(table, "3dpw") if row.method == name]
        assert values == whole, table


def test_datasets_of_comparisons_are_protocols() -> None:
    assert {row.dataset for number in COMPARISONS for row in published_in(number)} <= set(PROTOCOLS)
    assert set(METRICS) <= set(TITLES)


def test_rows_round_trip_through_a_file(tmp_path: Path) -> None:
    rows = [ResultRow("5", "synthetic test", "L=3", {"mpjpe": 150.25, "accel": 38.4}, "tar-s, L = 3", is_ours=True)]
    write_rows(tmp_path / "rows.csv", rows)
    (read,) = read_rows(tmp_path / "rows.csv", is_ours=True)
    assert read.values["mpjpe"] == pytest.approx(150.25, abs=0.1)
    assert (read.table, read.method, read.note, read.is_ours) == ("5", "L=3", "tar-s, L = 3", True)


@pytest.mark.parametrize("text", ["", "table,dataset\n1,3dpw\n", "table,dataset,method,note\n1,2,3\n"])
def test_damaged_files_are_errors(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows.csv").write_text(text)
    if text:
        with pytest.raises(TarError, match="not a readable file of results"):
            read_rows(tmp_path / "rows.csv")
    else:
        assert read_rows(tmp_path / "rows.csv") == []
