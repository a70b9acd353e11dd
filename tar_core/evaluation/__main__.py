"""Evaluates a network by a benchmark's protocol: `python -m tar_core.evaluation PROTOCOL DATA ...`.

Prints the benchmark's table with the paper's row beside ours, and writes it as CSV and JSON. The real videos of
pose2sim are captured as a whole instead, by detection and with an unknown camera: `make bench-real` in a checkout.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tar_core.body.data import BodyData, load_body
from tar_core.body.model import BodyModel
from tar_core.body.shape import transfer_shape
from tar_core.cleanup.smoothing import check_strength
from tar_core.datasets import emdb, human36m, mpi_inf_3dhp, threedpw
from tar_core.datasets.features import FeatureClips
from tar_core.datasets.joints import load_regressor
from tar_core.datasets.sequence import Reader, body_of, load_bodies
from tar_core.errors import TarError
from tar_core.evaluation.protocols import PROTOCOLS, Fit, Protocol, score
from tar_core.evaluation.results import ALL, Tally, table, write_results
from tar_core.evaluation.tracks import Track, clip_tracks, follow, smoothed
from tar_core.model.backbones.pretrained import load_backbone
from tar_core.model.checkpoint import DEFAULT_CHECKPOINT, load_tar

READERS: dict[str, tuple[Reader, str]] = {
    "3dpw": (threedpw.sequences, "test"),
    "mpi-inf-3dhp": (mpi_inf_3dhp.sequences, "test"),
    "h36m-p2": (human36m.sequences, "test"),
    "emdb1": (emdb.sequences, "emdb1"),
}


class Judge:
    """Scores tracks by a protocol.

    Args:
        bodies: by gender, those that the truth belongs to; the network's shapes are carried over to the neutral one.
        own: the network's body.
        regressor: [17, 6890] of Human3.6M's joints, for protocols that need it.
    """

    def __init__(
        self, protocol: Protocol, bodies: dict[str, BodyData], own: BodyData, regressor: np.ndarray | None
    ) -> None:
        self.protocol, self.own, self.regressor = protocol, own, regressor
        self.neutral = body_of(bodies, "neutral")
        self.models = {gender: BodyModel(body) for gender, body in bodies.items()}

    def errors(self, track: Track) -> dict[str, np.ndarray]:
        """The protocol's metrics, one value a frame each."""
        poses, betas = track.predicted()
        if self.neutral is not self.own:
            betas = transfer_shape(betas, self.own, self.neutral)
        predicted = Fit(self.models["neutral"], poses, betas)
        truth = self._truth(track)
        return score(self.protocol, predicted, truth, self.regressor, track.fps)

    def _truth(self, track: Track) -> Fit | np.ndarray:
        if track.joints is not None:
            return track.joints[:, list(self.protocol.joints)]
        if track.poses is None or track.betas is None:
            raise TarError(f"{track.name}: nothing is known of it to compare with; choose another split")
        return Fit(self.models[track.gender], track.poses, np.tile(track.betas, (len(track.poses), 1)))


def tracks_of(options: argparse.Namespace, model: Any, bodies: dict[str, BodyData], own: BodyData) -> Iterator[Track]:
    """Everything that the protocol scores."""
    if options.protocol == "synthetic":
        yield from clip_tracks(model, FeatureClips(options.data), options.device)
        return
    backbone, loaded = load_backbone(model.config.backbone, options.weights)
    if loaded is not None:
        print(*loaded.report(), sep="\n", file=sys.stderr)
    backbone = backbone.to(options.device)
    read, split = READERS[options.protocol]
    for sequence in read(options.data, split, bodies):
        print(f"{sequence.name}: {len(sequence)} frames", file=sys.stderr, flush=True)
        yield from follow(model, backbone, sequence, bodies, own, options.device)


def run(options: argparse.Namespace) -> None:
    """Evaluates, prints and writes."""
    protocol, own = PROTOCOLS[options.protocol], load_body()
    for strength in options.smoothing:
        check_strength(strength)
    if options.protocol == "synthetic":
        bodies, regressor = {"neutral": own}, None
    else:
        if options.bodies is None:
            raise TarError(f"{options.protocol} is scored on SMPL's own bodies; give their folder with --bodies")
        bodies = load_bodies(options.bodies)
        if protocol.regressed and options.regressor is None:
            raise TarError(f"{options.protocol} scores Human3.6M's joints; give J_regressor_h36m.npy with --regressor")
        regressor = load_regressor(options.regressor) if protocol.regressed else None
    judge = Judge(protocol, bodies, own, regressor)
    checkpoint = options.checkpoint or DEFAULT_CHECKPOINT
    model = load_tar(checkpoint, options.device)
    rows = {checkpoint.stem: 0.0} | {f"{checkpoint.stem}, smoothed {s:g}": s for s in options.smoothing}
    tallies = {name: Tally() for name in rows}
    for track in tracks_of(options, model, bodies, own):
        for name, strength in rows.items():
            shown = smoothed(track, strength) if strength else track
            tallies[name].add(track.name, judge.errors(shown), len(track.results))
    if not all(tally.frames for tally in tallies.values()):
        raise TarError(f"{options.data}: no usable frame in it; check its files")
    means = {name: tally.means(protocol) for name, tally in tallies.items()}
    frames = tallies[checkpoint.stem].frames
    print("\n".join(table(protocol, {name: row[ALL] for name, row in means.items()})))
    print(f"{sum(frames.values())} frames")
    options.output.mkdir(parents=True, exist_ok=True)
    settings = {"config": model.config.to_dict(), "smoothing": options.smoothing, "device": options.device}
    write_results(options.output, options.protocol, protocol, means, frames, checkpoint, settings)
    figures = " ".join(f"{metric}={value:.1f}" for metric, value in means[checkpoint.stem][ALL].items())
    print(f"FIGURE protocol={options.protocol} {figures}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tar_core.evaluation", description=__doc__)
    parser.add_argument("protocol", choices=PROTOCOLS)
    parser.add_argument(
        "data", type=Path, help="the data set's folder as its authors publish it; for synthetic, cached features"
    )
    parser.add_argument("--bodies", type=Path, help="folder of SMPL_NEUTRAL, SMPL_MALE, SMPL_FEMALE (.pkl or .npz)")
    parser.add_argument("--regressor", type=Path, help="J_regressor_h36m.npy, of SPIN's or VIBE's data")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the default one")
    parser.add_argument("--weights", type=Path, help="the backbone's weights, for another one than the default one")
    parser.add_argument(
        "--smoothing", type=float, nargs="+", default=[], help="strengths of tar-capture smooth, a further row each"
    )
    parser.add_argument("--output", type=Path, default=Path("out/evaluation"), help="folder (default: %(default)s)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    try:
        run(parser.parse_args(arguments))
    except TarError as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
