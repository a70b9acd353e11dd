"""Ablation study of the network: `python -m tar_core.training.ablation --help`.

Trains variants of the network that differ in one setting, all from random weights with the same seed, batches and
number of steps, and scores them on the test clips: the rows of the paper's ablations, and others. Existing rows are
kept, so that the command can be interrupted, repeated, and extended by more tables.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tar_core.arguments import positive_int
from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.evaluation.clips import Scores
from tar_core.evaluation.published import ResultRow, published_in, write_rows
from tar_core.evaluation.tables import TABLES_FILE
from tar_core.files import atomic_path
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import TAR_S, TARConfig
from tar_core.model.cost import measure_cost
from tar_core.training.initialization import start_at_training_mean
from tar_core.training.simulated import load_simulator
from tar_core.training.trainer import Trainer, TrainingConfig

RESULTS, REPORT = "ablation.csv", "ablation.md"


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        config: the network.
        data: share of the training clips that it is trained on.
    """

    config: TARConfig
    data: float = 1.0


# The networks that the rows are variants of: the default network, or only its parts from the paper.
BASES = {
    "tar-s": TAR_S,
    "paper": replace(TAR_S, local_skip=False, landmark_residuals=False, steady_landmarks=False, joint_errors=False),
}
# By the name on the command line: the title and the rows below the base.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "parts": (
        "GTE, LTE and RRM (without LTE, only GTE uses several frames; without GTE, only LTE)",
        ("without RRM", "without LTE", "without GTE"),
    ),
    "L": ("Frames in the local encoder", ("L = 1", "L = 3", "L = 5", "L = 7", "L = 9")),
    "T": ("Frames in the global encoder", ("T = 5", "T = 7", "T = 9", "with far frames")),
    "S": ("Size of the maps in the local encoder (Table S3)", ("S = 64", "S = 32", "S = 16", "S = 8")),
    "K": ("Markers", ("K = 13", "K = 26", "K = 52")),
    "steps": ("Refinement steps", ("1 step", "3 steps", "5 steps")),
    "additions": (
        "Parts that are not in the paper",
        ("the paper's parts only", "without landmark residuals", "without landmark fit"),
    ),
    "inputs": (
        "Outputs of the backbone, hidden one at a time",
        ("no pooled features", "no local maps", "no depth of landmarks"),
    ),
    "clips": ("Training clips", ("half the clips", "a quarter of the clips", "an eighth of the clips")),
}


# Rows of the paper's tables (tar_core/evaluation/published.py): by our table, their table, and our name of the row, its
# name there. The base is the whole network.
BASE = ""
PAPER_ROWS: dict[str, dict[str, dict[str, str]]] = {
    "parts": {
        "3": {BASE: "TAR", "without RRM": "without RRM"},
        "4": {BASE: "both", "without LTE": "GTE only", "without GTE": "LTE only"},
    },
    "L": {"5": {f"L = {length}": f"L={length}" for length in (3, 5, 7, 9)}},
    "S": {"S3": {f"S = {side}": f"S={side}" for side in (64, 32, 16, 8)}},
}


def rows_of(base: str) -> dict[str, Row]:
    """All rows by name, the base first. Some rows equal the base, which shows its place in the tables."""
    config = BASES[base]

    def changed(**changes: Any) -> Row:
        return Row(replace(config, **changes))

    return {
        base: Row(config),
        "without RRM": changed(use_refinement=False),
        "without LTE": changed(use_local=False),
        "without GTE": changed(use_global=False),
        **{f"L = {length}": changed(local_length=length) for length in (1, 3, 5, 7, 9)},
        **{f"T = {length}": changed(window=length) for length in (5, 7, 9)},
        "with far frames": changed(far_frames=(7, 12, 20)),
        **{f"S = {side}": changed(local_size=side) for side in (64, 32, 16, 8)},
        **{f"K = {count}": changed(markers=count) for count in (13, 26, 52)},
        "1 step": changed(iterations=1),
        **{f"{count} steps": changed(iterations=count) for count in (3, 5)},
        "the paper's parts only": Row(BASES["paper"]),
        "without landmark residuals": changed(landmark_residuals=False),
        "without landmark fit": changed(steady_landmarks=False),
        "no pooled features": changed(hidden_inputs=("pooled",)),
        "no local maps": changed(hidden_inputs=("map",)),
        "no depth of landmarks": changed(hidden_inputs=("depth",)),
        "half the clips": Row(config, 1 / 2),
        "a quarter of the clips": Row(config, 1 / 4),
        "an eighth of the clips": Row(config, 1 / 8),
    }


def find_scores(results: Mapping[str, Scores], rows: Mapping[str, Row], name: str) -> Scores | None:
    """Look up the scores of a row, or of another row with the same network and clips; None if there are none."""
    return next((results[other] for other in results if other in rows and rows[other] == rows[name]), None)


def train_row(
    row: Row,
    clips: Path,
    test: FeatureClips,
    motions: Sequence[Path],
    config: TrainingConfig,
    folder: Path,
    device: str,
) -> Scores:
    """Train one network from random weights and score it.

    Args:
        clips: folder of cached training clips.
        test: test clips.
        motions: recordings for simulated landmarks; not used if `config.simulated` is 0.
        folder: of the run, which is resumed if it exists.
    """
    all_clips = FeatureClips(clips)
    selected = all_clips if row.data == 1 else FeatureClips(clips, round(row.data * len(all_clips)))
    torch.manual_seed(config.seed)
    model = build_tar(row.config)
    start_at_training_mean(model, selected)
    simulator = None
    if config.simulated > 0:
        simulator = load_simulator(motions, selected, row.config, config.targets_per_clip)
    trainer = Trainer(model, selected, test, config, folder, device, simulator)
    trainer.resume()
    return trainer.run()


def table(results: Mapping[str, Scores], rows: Mapping[str, Row], names: Sequence[str]) -> Iterator[str]:
    """Yield the Markdown lines of the rows that have scores, with the PA-MPJPE difference from the first row."""
    yield "| | M parameters | GFLOPs | PA-MPJPE | MPJPE | ACCEL | 2D px |"
    yield "|---|---|---|---|---|---|---|"
    first: Scores | None = None
    for name in names:
        scores = find_scores(results, rows, name)
        if scores is None:
            continue
        cost = measure_cost(rows[name].config)
        cells = [f"{cost.parameters:.2f}", f"{cost.gflops:.2f}"]
        cells += [f"{vars(scores)[key]:.1f}" for key in ("pa", "mpjpe", "acceleration", "pixels")]
        if first is not None:
            cells[2] += f" ({scores.pa - first.pa:+.1f})"
        first = first or scores
        yield f"| {name} | {' | '.join(cells)} |"


def report(results: Mapping[str, Scores], rows: Mapping[str, Row], tables: Sequence[str], budget: str) -> Iterator[str]:
    """Yield the Markdown lines of the tables, after the description of the training budget."""
    yield budget
    for name in tables:
        title, names = TABLES[name]
        yield ""
        yield f"### {title}"
        yield from table(results, rows, [next(iter(rows)), *names])
        for number in PAPER_ROWS.get(name, {}):
            for row in published_in(number):
                cells = [f"{row.values[metric]:.1f}" for metric in ("pa_mpjpe", "mpjpe", "accel")]
                yield f"| {row.method}, table {number} of the paper, 3DPW | – | – | {' | '.join(cells)} | – |"


def rows_of_the_paper(results: Mapping[str, Scores], rows: Mapping[str, Row]) -> Iterator[ResultRow]:
    """Yield our rows of the paper's tables that have scores."""
    base = next(iter(rows))
    for tables in PAPER_ROWS.values():
        for number, names in tables.items():
            for ours, theirs in names.items():
                name = ours or base
                scores = find_scores(results, rows, name) if name in rows else None
                if scores is not None:
                    values = {"pa_mpjpe": scores.pa, "mpjpe": scores.mpjpe, "accel": scores.acceleration}
                    yield ResultRow(number, "synthetic", theirs, values, f"variant of {base}", is_ours=True)


def read_results(path: Path) -> dict[str, Scores]:
    """Read the scores by row, in the order of the file; empty if there is no file."""
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        return {line.pop("row"): Scores(**{k: float(v) for k, v in line.items()}) for line in csv.DictReader(file)}


def append_result(path: Path, name: str, scores: Scores) -> None:
    """Append the scores of a row to the file of results."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, ["row", *vars(scores)])
        if is_new:
            writer.writeheader()
        writer.writerow({"row": name, **vars(scores)})


def run(options: argparse.Namespace) -> list[str]:
    """Train the missing rows, write the report and return its lines.

    Raises:
        TarError: an input is missing or not usable.
    """
    config = TrainingConfig(
        steps=options.steps,
        clips_per_step=options.clips_per_step,
        learning_rate=8e-4,
        warmup=max(1, options.steps // 10),
        average=0.98,
        checkpoint_every=options.steps,
        simulated=options.simulated,
        hide_appearance=0.5,
        mixed_precision=True,
    )
    budget = (
        f"Each network starts from its own random weights: {config.steps} steps of {config.clips_per_step} clips, of"
        f" which {config.targets_per_clip} frames are refined; {100 * config.simulated:.0f} % of the steps on simulated"
        f" landmarks; seed {config.seed}."
    )
    results_file = options.output / RESULTS
    rows = rows_of(options.base)
    test = FeatureClips(options.test)
    for name in [options.base, *(row for table in options.tables for row in TABLES[table][1])]:
        if find_scores(read_results(results_file), rows, name) is None:
            folder = options.output / name.replace(" ", "_")
            scores = train_row(rows[name], options.features, test, options.motions, config, folder, options.device)
            append_result(results_file, name, scores)
            print(f"{name}: {scores}", flush=True)
    write_rows(options.output / TABLES_FILE, rows_of_the_paper(read_results(results_file), rows))
    lines = list(report(read_results(results_file), rows, options.tables, budget))
    with atomic_path(options.output / REPORT) as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    return lines


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.training.ablation",
        description="Train variants of the network and compare their scores. Existing rows are kept.",
    )
    parser.add_argument("--features", type=Path, required=True, help="folder of cached training clips")
    parser.add_argument("--test", type=Path, required=True, help="folder of cached test clips")
    parser.add_argument(
        "--motions", type=Path, nargs="+", default=[], help="recordings for simulated landmarks, see tar_core.synthetic"
    )
    parser.add_argument(
        "--output", type=Path, required=True, help=f"folder for the runs, {RESULTS} (scores) and {REPORT} (tables)"
    )
    parser.add_argument(
        "--base", choices=BASES, default="tar-s", help="network that the rows are variants of (default: %(default)s)"
    )
    parser.add_argument(
        "--tables",
        nargs="+",
        choices=TABLES,
        default=list(TABLES),
        metavar="TABLE",
        help=f"{', '.join(TABLES)} (default: all)",
    )
    parser.add_argument(
        "--steps", type=positive_int, default=300, help="optimizer steps of each row (default: %(default)s)"
    )
    parser.add_argument("--clips-per-step", type=positive_int, default=12, help="batch size (default: %(default)s)")
    parser.add_argument(
        "--simulated",
        type=float,
        default=0.5,
        help="share of the steps on simulated landmarks (default: %(default)s)",
    )
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu", help="device (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse_arguments(arguments)
    try:
        lines = run(options)
    except TarError as error:
        print(f"ablation: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
