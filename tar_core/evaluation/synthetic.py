"""Score a network on cached clips, joint by joint: `python -m tar_core.evaluation.synthetic --help`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from tar_core.datasets.features import FeatureClips
from tar_core.datasets.joints import LIMB_JOINTS
from tar_core.errors import TarError
from tar_core.evaluation.calibration import calibrate, calibration_error, reliability
from tar_core.evaluation.clips import Predictions, constant_pose_error, predict, score
from tar_core.model.checkpoint import load_tar, save_tar
from tar_core.skeleton import JOINT_NAMES


def report(predictions: Predictions) -> Iterator[str]:
    """Yield the lines of the report: mean scores, errors by joint and the reliability of the expected errors."""
    scores = score(predictions)
    yield f"{len(predictions.joints)} frames of {len(predictions.joints) // predictions.clip_length} clips"
    yield f"MPJPE {scores.mpjpe:.1f} mm, PA-MPJPE {scores.pa:.1f} mm, ACCEL {scores.acceleration:.1f} mm/frame^2"
    yield f"PA-MPJPE of one constant pose, the mean of these frames: {constant_pose_error(predictions):.1f} mm"
    yield f"2D {scores.pixels:.1f} crop pixels, median {np.median(predictions.pixels[:, LIMB_JOINTS]):.1f}"
    errors = 1000 * predictions.errors()
    yield ""
    yield f"{'joint, from the pelvis':24}{'mean mm':>9}{'median mm':>11}"
    for joint in range(1, len(JOINT_NAMES)):
        yield f"{JOINT_NAMES[joint]:24}{errors[:, joint].mean():9.1f}{np.median(errors[:, joint]):11.1f}"
    if predictions.expected_errors is not None:
        groups = reliability(1000 * predictions.expected_errors[:, 1:].ravel(), errors[:, 1:].ravel())
        yield ""
        yield f"{'tenth of all joints':24}{'expected':>9}{'actual mm':>11}"
        for number, (expected, actual) in enumerate(groups, 1):
            yield f"{number:<24}{expected:9.1f}{actual:11.1f}"
        yield f"calibration error {100 * calibration_error(groups):.0f} %"


def evaluate_clips(checkpoint: Path | None, features: Path, device: str, output: Path | None = None) -> None:
    """Score a network on cached clips and print the report.

    Args:
        checkpoint: the network, or None for the default one.
        features: folder of cached clips.
        output: if given, calibrate the network's expected errors on the clips and write it to this file.

    Raises:
        TarError: an input is missing or damaged, or the network cannot be calibrated.
    """
    model = load_tar(checkpoint, device)
    predictions = predict(model, FeatureClips(features), device)
    print("\n".join(report(predictions)))
    if output is not None:
        print("", *calibrate(model, predictions), sep="\n")
        save_tar(model, output, half=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tar_core.evaluation.synthetic", description="Score a network on cached clips, joint by joint."
    )
    parser.add_argument("--features", type=Path, required=True, help="folder that tar_core.datasets.features wrote")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint to evaluate (default: the included one)")
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu", help="device (default: %(default)s)"
    )
    parser.add_argument(
        "--calibrate",
        type=Path,
        metavar="OUTPUT",
        help="fit the network's expected errors to these clips and write the network to this file",
    )
    options = parser.parse_args(arguments)
    try:
        evaluate_clips(options.checkpoint, options.features, options.device, options.calibrate)
    except TarError as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
