"""What each part of the network is worth: `python -m tar_core.training.ablation --help`.

Trains the network with one thing changed at a time, each from its own random weights with the same seed, batches and
number of steps, and scores it on the test clips. Rows that are there already are kept, so that the command may be
stopped, run again, and given more rows.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tar_core.body import BodyModel
from tar_core.body_file import load_body
from tar_core.errors import TarError
from tar_core.evaluation.synthetic import Scores
from tar_core.model.checkpoint import build_tar
from tar_core.model.config import TAR_S, TARConfig
from tar_core.training.features import FeatureClips
from tar_core.training.simulated import LandmarkSimulator
from tar_core.training.splits import load_split
from tar_core.training.trainer import Trainer, TrainingConfig, start_at_training_mean

RESULTS = "ablation.csv"


@dataclass(frozen=True)
class Row:
    """One line of the table: a network, and the share of the training clips that it gets."""

    config: TARConfig
    data: float = 1.0


_LITERAL = replace(TAR_S, local_skip=False, landmark_residuals=False, steady_landmarks=False, joint_errors=False)
ROWS = {
    "tar-s": Row(TAR_S),
    "without GTE": Row(replace(TAR_S, use_global=False)),
    "without LTE": Row(replace(TAR_S, use_local=False)),
    "without RRM": Row(replace(TAR_S, use_refinement=False)),
    "the paper's parts only": Row(_LITERAL),
    "without landmark residuals": Row(replace(TAR_S, landmark_residuals=False)),
    "landmarks not steadied": Row(replace(TAR_S, steady_landmarks=False)),
    "no pooled features": Row(replace(TAR_S, hidden_inputs=("pooled",))),
    "no local maps": Row(replace(TAR_S, hidden_inputs=("map",))),
    "no depth of landmarks": Row(replace(TAR_S, hidden_inputs=("depth",))),
    "half the clips": Row(TAR_S, 1 / 2),
    "a quarter of the clips": Row(TAR_S, 1 / 4),
    "an eighth of the clips": Row(TAR_S, 1 / 8),
    "L = 1": Row(replace(TAR_S, local_length=1)),
    "K = 13": Row(replace(TAR_S, markers=13)),
    "S = 8": Row(replace(TAR_S, local_size=8)),
    "L = 9": Row(replace(TAR_S, local_length=9)),
    "K = 52": Row(replace(TAR_S, markers=52)),
    "S = 32": Row(replace(TAR_S, local_size=32)),
    "with far frames": Row(replace(TAR_S, far_frames=(7, 12, 20))),
}


def train_row(
    row: Row,
    clips: Path,
    test: FeatureClips,
    motions: Sequence[Path],
    config: TrainingConfig,
    folder: Path,
    device: str,
) -> Scores:
    """Trains one network from nothing and scores it.

    Args:
        clips: folder of cached training clips.
        motions: what simulated people do; not read if the configuration simulates nothing.
    """
    everything = FeatureClips(clips)
    chosen = everything if row.data == 1 else FeatureClips(clips, round(row.data * len(everything)))
    torch.manual_seed(config.seed)
    model = build_tar(row.config)
    start_at_training_mean(model, chosen)
    simulator = None
    if config.simulated > 0:
        body = BodyModel(load_body())
        recordings = load_split(motions, body.rest_joints.double().numpy(), "train")
        simulator = LandmarkSimulator(recordings, chosen, body, 2 * max(row.config.offsets) + config.targets_per_clip)
    trainer = Trainer(model, chosen, test, config, folder, device, simulator)
    trainer.resume()
    return trainer.run()


def table(results: dict[str, Scores]) -> Iterator[str]:
    """Markdown, the differences from the first row in brackets."""
    yield "| | MPJPE | PA-MPJPE | 2D px | ACCEL |"
    yield "|---|---|---|---|---|"
    first = next(iter(results.values()))
    for name, scores in results.items():
        cells = [f"{vars(scores)[key]:.1f}" for key in ("mpjpe", "pa", "pixels", "acceleration")]
        if scores is not first:
            cells[1] += f" ({scores.pa - first.pa:+.1f})"
        yield f"| {name} | {' | '.join(cells)} |"


def read_results(path: Path) -> dict[str, Scores]:
    """By row, in the file's order; empty if there is no file."""
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        return {line.pop("row"): Scores(**{k: float(v) for k, v in line.items()}) for line in csv.DictReader(file)}


def append_result(path: Path, name: str, scores: Scores) -> None:
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, ["row", *vars(scores)])
        if is_new:
            writer.writeheader()
        writer.writerow({"row": name, **vars(scores)})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=Path, required=True, help="cached training clips")
    parser.add_argument("--test", type=Path, required=True, help="cached test clips")
    parser.add_argument("--motions", type=Path, nargs="+", default=[], help="what simulated people do")
    parser.add_argument("--output", type=Path, required=True, help=f"folder of the runs and of {RESULTS}")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--steps", type=int, default=300, help="of each network (default %(default)s)")
    parser.add_argument("--clips-per-step", type=int, default=12)
    parser.add_argument("--simulated", type=float, default=0.5, help="share of the steps on simulated landmarks")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
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
    results_file = options.output / RESULTS
    try:
        test = FeatureClips(options.test)
        for name in options.rows:
            if name not in read_results(results_file):
                folder = options.output / name.replace(" ", "_")
                row = train_row(ROWS[name], options.features, test, options.motions, config, folder, options.device)
                append_result(results_file, name, row)
                print(f"{name}: {row}", flush=True)
    except TarError as error:
        print(f"ablation: {error}", file=sys.stderr)
        return 2
    print("\n".join(table(read_results(results_file))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
