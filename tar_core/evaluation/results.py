"""Results of an evaluation: a table as in papers, and CSV and JSON files."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.evaluation.protocols import TITLES, Protocol
from tar_core.files import atomic_path, file_hash

ALL = "all"  # stands for all sequences together


@dataclass
class Tally:
    """Collects the errors of one row of the table.

    Attributes:
        sequences: by sequence, the errors by metric of each of its tracks.
        frames: number of frames by sequence.
    """

    sequences: dict[str, list[dict[str, np.ndarray]]] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)

    def add(self, sequence: str, errors: dict[str, np.ndarray], frames: int) -> None:
        """Add a track of a sequence."""
        self.sequences.setdefault(sequence, []).append(errors)
        self.frames[sequence] = self.frames.get(sequence, 0) + frames

    def means(self, protocol: Protocol) -> dict[str, dict[str, float]]:
        """Average each metric over the frames.

        The jitter of all sequences is the mean of the sequences' jitter, as in EMDB's script.

        Returns:
            Means by metric, for all sequences together (ALL, first) and for each sequence; NaN for metrics that no
            track is long enough for.
        """
        rows = {name: _means(tracks, protocol.metrics) for name, tracks in self.sequences.items()}
        overall = _means([track for tracks in self.sequences.values() for track in tracks], protocol.metrics)
        if "jitter" in protocol.metrics:
            overall["jitter"] = _mean(np.array([row["jitter"] for row in rows.values()]))
        return {ALL: overall, **rows}


def _means(tracks: list[dict[str, np.ndarray]], metrics: tuple[str, ...]) -> dict[str, float]:
    return {metric: _mean(np.concatenate([track[metric] for track in tracks])) for metric in metrics}


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def table(title: str, metrics: Sequence[str], rows: Iterable[tuple[str, Mapping[str, float]]]) -> Iterator[str]:
    """Yield the lines of a Markdown table; a dash stands for a missing value.

    Args:
        title: of the column of names.
        metrics: of the other columns, among TITLES.
        rows: names and values by metric.
    """
    yield f"| {title} | {' | '.join(TITLES[metric] for metric in metrics)} |"
    yield "|---" * (len(metrics) + 1) + "|"
    for name, row in rows:
        cells = [f"{row[m]:.1f}" if np.isfinite(row.get(m, np.nan)) else "–" for m in metrics]
        yield f"| {name} | {' | '.join(cells)} |"


def write_results(
    folder: Path,
    name: str,
    protocol: Protocol,
    means: Mapping[str, Mapping[str, Mapping[str, float]]],
    frames: Mapping[str, int],
    checkpoint: Path,
    settings: Mapping[str, Any],
) -> None:
    """Write `<name>.csv` with a line for each row and sequence, and `<name>.json` with all settings.

    Args:
        means: by row of the table, by sequence (ALL first), by metric.
        frames: number of frames by sequence.
        checkpoint: the network's file; the JSON file gets its hash.
        settings: everything else that the results depend on.

    Raises:
        TarError: the folder cannot be written.
    """
    counts = {ALL: sum(frames.values()), **frames}
    with atomic_path(folder / f"{name}.csv") as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "sequence", "frames", *protocol.metrics])
        for row, sequences in means.items():
            for sequence, values in sequences.items():
                numbers = (f"{values[metric]:.4f}" for metric in protocol.metrics)
                writer.writerow([row, sequence, counts[sequence], *numbers])
    content = {
        "protocol": name,
        "title": protocol.title,
        "units": "mm; accel mm/frame^2; mpjae degrees; jitter 10 m/s^3",
        "checkpoint": {"file": checkpoint.name, "sha256": file_hash(checkpoint)},
        "settings": dict(settings),
        "frames": counts[ALL],
        "rows": {row: _finite(sequences[ALL]) for row, sequences in means.items()},
        "sequences": {
            row: {sequence: _finite(values) for sequence, values in sequences.items() if sequence != ALL}
            for row, sequences in means.items()
        },
    }
    with atomic_path(folder / f"{name}.json") as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    """Replace NaN, which JSON cannot represent, by None."""
    return {metric: value if np.isfinite(value) else None for metric, value in values.items()}
