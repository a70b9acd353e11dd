"""Published results: all tables of the paper (arXiv 2311.09543), and figures of newer methods."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import atomic_path

_FILE = Path(__file__).parent / "published" / "tables.csv"
# By the name in the file; the numbers are the paper's.
TABLES = {
    "1": "Table 1: trained with 3DPW's training set",
    "2": "Table 2: trained without 3DPW",
    "3": "Table 3: the refinement module RRM",
    "4": "Table 4: the global and the local encoder",
    "5": "Table 5: number of frames L in the local encoder",
    "6": "Table 6: EMDB",
    "7": "Table 7: smoothing afterwards",
    "S1": "Table S1: networks for single images, trained with 3DPW",
    "S2": "Table S2: more training data",
    "S3": "Table S3: size S of the maps in the local encoder",
    "newer": "Newer methods",
    "world": "Newer methods, in the world",
}
COMPARISONS = ("1", "2", "6", "S1", "newer")  # those that compare methods by the protocol of a dataset
METRICS = (
    *("pa_mpjpe", "mpjpe", "pve", "accel", "pa_pve", "mpjae", "pa_mpjae", "jitter"),
    *("wa_mpjpe", "w_mpjpe", "rte"),
)
_COLUMNS = ("table", "dataset", "method", *METRICS, "note")


@dataclass(frozen=True)
class ResultRow:
    """One row of a table.

    Attributes:
        table: one of TABLES.
        dataset: name of the protocol, or of another dataset.
        method: its name in the table.
        values: by metric, among METRICS.
        note: what else the table says about the row.
        is_ours: whether it was measured with this program.
    """

    table: str
    dataset: str
    method: str
    values: Mapping[str, float]
    note: str = ""
    is_ours: bool = False


@cache
def published() -> tuple[ResultRow, ...]:
    """All published rows, in the order of the tables."""
    return tuple(read_rows(_FILE))


def published_in(table: str, dataset: str | None = None) -> list[ResultRow]:
    """The published rows of a table, for one dataset or for all."""
    return [row for row in published() if row.table == table and dataset in (None, row.dataset)]


def read_rows(path: Path, is_ours: bool = False) -> list[ResultRow]:
    """Read rows from a CSV file of `write_rows`.

    Raises:
        TarError: the file is missing or damaged.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [
                ResultRow(
                    line["table"],
                    line["dataset"],
                    line["method"],
                    {metric: float(line[metric]) for metric in METRICS if line[metric]},
                    line["note"],
                    is_ours,
                )
                for line in csv.DictReader(file)
            ]
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise TarError(f"{path}: not a readable file of results ({error}); write it again") from error


def write_rows(path: Path, rows: Iterable[ResultRow]) -> None:
    """Write rows to a CSV file.

    Raises:
        TarError: the file cannot be written.
    """
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS, restval="")
        writer.writeheader()
        for row in rows:
            names = {"table": row.table, "dataset": row.dataset, "method": row.method, "note": row.note}
            writer.writerow({**names, **{metric: f"{value:.4g}" for metric, value in row.values.items()}})
