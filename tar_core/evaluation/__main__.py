"""Evaluate a network by a benchmark's protocol: `python -m tar_core.evaluation PROTOCOL DATA ...`.

Prints the benchmark's table, published results first, and writes ours as CSV and JSON files.
`python -m tar_core.evaluation tables` prints all tables of the paper with our results in them. To evaluate whole
captures of real videos (pose2sim), with detection and an unknown camera, run `make bench-real` in a checkout.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from tar_core.body.data import BodyData, load_body
from tar_core.body.model import BodyModel
from tar_core.body.shape import transfer_shape
from tar_core.cleanup.smoothing import check_strength
from tar_core.datasets import emdb, human36m, mpi_inf_3dhp, threedpw
from tar_core.datasets.features import FeatureClips
from tar_core.datasets.joints import load_regressor
from tar_core.datasets.sequence import Reader, body_for, load_bodies
from tar_core.errors import TarError
from tar_core.evaluation import tables
from tar_core.evaluation.protocols import PROTOCOLS, Fit, Protocol, score
from tar_core.evaluation.published import COMPARISONS, published_in
from tar_core.evaluation.results import ALL, Tally, table, write_results
from tar_core.evaluation.tracks import Track, clip_tracks, predict_sequence, smoothed
from tar_core.model.backbones.pretrained import load_backbone
from tar_core.model.checkpoint import load_tar
from tar_core.model.tar import TAR
from tar_core.model.weights import DEFAULT_CHECKPOINT, own_backbone, read_checkpoint

READERS: dict[str, tuple[Reader, str]] = {
    "3dpw": (threedpw.sequences, "test"),
    "mpi-inf-3dhp": (mpi_inf_3dhp.sequences, "test"),
    "h36m-p2": (human36m.sequences, "test"),
    "emdb1": (emdb.sequences, "emdb1"),
}


class Scorer:
    """Scores tracks by a protocol.

    Args:
        bodies: by gender, the bodies that the true parameters belong to. Predicted shapes are converted to the neutral
            one.
        network_body: the body that the network is trained on.
        regressor: [17, 6890] Human3.6M's joint regressor if the protocol needs it.
    """

    def __init__(
        self, protocol: Protocol, bodies: dict[str, BodyData], network_body: BodyData, regressor: np.ndarray | None
    ) -> None:
        self.protocol, self.network_body, self.regressor = protocol, network_body, regressor
        self.neutral = body_for(bodies, "neutral")
        self.bodies = bodies
        self.models = {gender: BodyModel(body) for gender, body in bodies.items()}

    def errors(self, track: Track) -> dict[str, np.ndarray]:
        """Compute the protocol's metrics, one value for each frame; see `protocols.score`."""
        poses, betas = track.predicted()
        if self.neutral is not self.network_body:
            betas = transfer_shape(betas, self.network_body, self.neutral)
        predicted = Fit(self.models["neutral"], poses, betas)
        truth = self._truth(track)
        return score(self.protocol, predicted, truth, self.regressor, track.fps)

    def _truth(self, track: Track) -> Fit | np.ndarray:
        if track.joints is not None:
            return track.joints[:, list(self.protocol.joints)]
        if track.poses is None or track.betas is None:
            raise TarError(f"{track.name}: no ground truth; choose another split")
        return Fit(self.models[track.gender], track.poses, np.tile(track.betas, (len(track.poses), 1)))


def predicted_tracks(
    options: argparse.Namespace, model: TAR, bodies: dict[str, BodyData], network_body: BodyData
) -> Iterator[Track]:
    """Predict all tracks that the protocol scores."""
    if options.protocol == "synthetic":
        yield from clip_tracks(model, FeatureClips(options.data), options.device)
        return
    weights = options.weights or own_backbone(read_checkpoint(options.checkpoint))
    backbone, loaded = load_backbone(model.config.backbone, weights)
    if loaded is not None:
        print(*loaded.report(), sep="\n", file=sys.stderr)
    backbone = backbone.to(options.device)
    read, split = READERS[options.protocol]
    for sequence in read(options.data, split, bodies):
        print(f"{sequence.name}: {len(sequence)} frames", file=sys.stderr, flush=True)
        yield from predict_sequence(model, backbone, sequence, bodies, network_body, options.device)


def make_scorer(options: argparse.Namespace, network_body: BodyData) -> Scorer:
    """Load the files that the protocol needs.

    Raises:
        TarError: an option that the protocol needs or a file is missing.
    """
    protocol = PROTOCOLS[options.protocol]
    if options.protocol == "synthetic":
        return Scorer(protocol, {"neutral": network_body}, network_body, None)
    if options.bodies is None:
        raise TarError(f"{options.protocol} is scored on SMPL's bodies; give their folder with --bodies")
    bodies = load_bodies(options.bodies)
    if protocol.regressed and options.regressor is None:
        raise TarError(f"{options.protocol} scores Human3.6M's joints; give J_regressor_h36m.npy with --regressor")
    regressor = load_regressor(options.regressor) if protocol.regressed else None
    return Scorer(protocol, bodies, network_body, regressor)


def run(options: argparse.Namespace) -> None:
    """Evaluate, print the table and write the files."""
    for strength in options.smoothing:
        check_strength(strength)
    network_body = load_body()
    scorer = make_scorer(options, network_body)
    checkpoint = options.checkpoint or DEFAULT_CHECKPOINT
    model = load_tar(checkpoint, options.device)
    rows = {checkpoint.stem: 0.0} | {f"{checkpoint.stem}, smoothed {s:g}": s for s in options.smoothing}
    tallies = {name: Tally() for name in rows}
    for track in predicted_tracks(options, model, scorer.bodies, network_body):
        for name, strength in rows.items():
            scored = smoothed(track, strength) if strength else track
            tallies[name].add(track.name, scorer.errors(scored), len(track.results))
    if not all(tally.frames for tally in tallies.values()):
        raise TarError(f"{options.data}: no usable frame; check the files")
    report(options, model, checkpoint, tallies)


def report(options: argparse.Namespace, model: TAR, checkpoint: Path, tallies: dict[str, Tally]) -> None:
    """Print the table and write the files.

    Args:
        tallies: by row of the table; the unsmoothed row has the checkpoint's name.
    """
    protocol = PROTOCOLS[options.protocol]
    means = {name: tally.means(protocol) for name, tally in tallies.items()}
    frames = tallies[checkpoint.stem].frames
    compared: list[tuple[str, Mapping[str, float]]] = [
        (f"{row.method} (table {row.table})", row.values)
        for number in COMPARISONS
        for row in published_in(number, options.protocol)
    ]
    compared += [(name, row[ALL]) for name, row in means.items()]
    print("\n".join(table(protocol.title, protocol.metrics, compared)))
    print(f"{sum(frames.values())} frames")
    options.output.mkdir(parents=True, exist_ok=True)
    settings = {"config": model.config.to_dict(), "smoothing": options.smoothing, "device": options.device}
    write_results(options.output, options.protocol, protocol, means, frames, checkpoint, settings)
    figures = " ".join(f"{metric}={value:.1f}" for metric, value in means[checkpoint.stem][ALL].items())
    print(f"FIGURE protocol={options.protocol} {figures}")


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.evaluation", description="Evaluate a network by a benchmark's protocol."
    )
    parser.add_argument("protocol", choices=PROTOCOLS)
    parser.add_argument(
        "data",
        type=Path,
        help="folder of the dataset, in the layout in which it is published; for synthetic, of cached features",
    )
    parser.add_argument(
        "--bodies", type=Path, help="folder with SMPL_NEUTRAL, SMPL_MALE and SMPL_FEMALE (.pkl or .npz)"
    )
    parser.add_argument("--regressor", type=Path, help="J_regressor_h36m.npy from SPIN's or VIBE's data")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint to evaluate (default: the included one)")
    parser.add_argument(
        "--weights", type=Path, help="weights of the network's backbone (default: the file beside the checkpoint)"
    )
    parser.add_argument(
        "--smoothing",
        type=float,
        nargs="+",
        default=[],
        help="smoothing strengths (0 to 1); each adds a row to the table",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("out/evaluation"), help="folder to write to (default: %(default)s)"
    )
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu", help="device (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["tables"]:
        return tables.main(given[1:])
    options = parse_arguments(given)
    try:
        run(options)
    except TarError as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
