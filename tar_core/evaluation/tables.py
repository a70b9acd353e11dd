"""All tables of the paper with our results beside them: `python -m tar_core.evaluation tables FOLDER ...`."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tar_core.errors import TarError
from tar_core.evaluation.protocols import PROTOCOLS
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
from tar_core.evaluation.results import TITLES, table
from tar_core.files import atomic_path

TABLES_FILE = "tables.csv"  # of an ablation: our rows in the form of `published.write_rows`


def our_rows(folder: Path) -> Iterator[ResultRow]:
    """Yield the results in a folder: of evaluations (`*.json`) and of an ablation (`tables.csv`).

    Raises:
        TarError: the folder or a file is missing or damaged.
    """
    if not folder.is_dir():
        raise TarError(f"{folder}: no such folder; give the output folder of an evaluation or an ablation")
    for path in sorted(folder.glob("*.json")):
        yield from _evaluated(path)
    if (folder / TABLES_FILE).is_file():
        yield from read_rows(folder / TABLES_FILE, is_ours=True)


def _evaluated(path: Path) -> Iterator[ResultRow]:
    """Yield a row of each table that compares methods by the protocol of an evaluation."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        dataset, note = str(content["protocol"]), f"checkpoint {content['checkpoint']['sha256'][:8]}"
        rows = {
            name: {metric: float(value) for metric, value in row.items() if metric in METRICS and value is not None}
            for name, row in content["rows"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TarError(f"{path}: not a result of an evaluation ({error!r}); remove it or evaluate again") from error
    for number in COMPARISONS:
        if published_in(number, dataset):
            for name, values in rows.items():
                yield ResultRow(number, dataset, name, values, note, is_ours=True)


def lines(rows: Sequence[ResultRow]) -> Iterator[str]:
    """Yield the Markdown lines of all tables; our rows are bold."""
    for number, heading in TABLES.items():
        yield f"### {heading}"
        yield ""
        found = [row for row in rows if row.table == number]
        for dataset in dict.fromkeys(row.dataset for row in found):
            part = [row for row in found if row.dataset == dataset]
            metrics = [metric for metric in METRICS if any(metric in row.values for row in part)]
            title = PROTOCOLS[dataset].title if dataset in PROTOCOLS else dataset
            yield from table(title, metrics, ((_title(row), row.values) for row in part))
            yield ""


def _title(row: ResultRow) -> str:
    note = f" ({row.note})" if row.note else ""
    return f"**{row.method}**{note}" if row.is_ours else f"{row.method}{note}"


def write_tables(folder: Path, rows: Sequence[ResultRow]) -> None:
    """Write `tables.md`, `tables.csv` and `tables.json`.

    Raises:
        TarError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / "tables.md") as temporary:
        temporary.write_text("\n".join(lines(rows)), encoding="utf-8")
    write_rows(folder / TABLES_FILE, rows)
    content = [{**vars(row), "values": dict(row.values)} for row in rows]
    with atomic_path(folder / "tables.json") as temporary:
        temporary.write_text(json.dumps({"units": dict(TITLES), "rows": content}, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.evaluation tables", description="Print the paper's tables with our results in them."
    )
    parser.add_argument("folders", type=Path, nargs="*", help="output folders of evaluations and ablations")
    parser.add_argument(
        "--output", type=Path, default=Path("out/tables"), help="folder to write to (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    try:
        rows = [*published(), *(row for folder in options.folders for row in our_rows(folder))]
        write_tables(options.output, rows)
    except TarError as error:
        print(f"tables: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines(rows)))
    return 0
