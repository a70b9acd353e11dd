"""Draw figures of the documentation and print their numbers: `python -m scripts.figures FIGURE ...`.

    reliability   expected and actual errors of the joints on cached synthetic clips
    coverage      joint angles in the recordings and in the training clips made from them
    scaling       PA-MPJPE over the number of training clips, from the results of tar_core.training.ablation

Needs matplotlib.
"""

import argparse
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from scripts.paths import REPOSITORY
from tar_core.arguments import positive_int
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.datasets.features import FeatureClips
from tar_core.errors import TarError
from tar_core.evaluation.calibration import reliability
from tar_core.evaluation.clips import Predictions, predict
from tar_core.model.checkpoint import load_tar
from tar_core.model.config import TAR_S
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.scene import sample_motion
from tar_core.synthetic.splits import load_split
from tar_core.training.ablation import read_results, rows_of

IMAGES = REPOSITORY / "docs" / "images"
SHOWN = (0, 1, 4, 7, 3, 12, 16, 18, 20)  # pelvis, hip, knee, ankle, spine, neck, shoulder, elbow, wrist
PERCENTILES = (1, 25, 50, 75, 99)


def draw_reliability(predictions: Predictions, image: Path) -> None:
    """Draw the actual mean error over the expected error, for twenty groups of joints.

    Raises:
        TarError: the network does not predict its errors.
    """
    if predictions.expected_errors is None:
        raise TarError("this network does not predict its errors; use a checkpoint that does")
    expected, errors = 1000 * predictions.expected_errors[:, 1:].ravel(), 1000 * predictions.errors()[:, 1:].ravel()
    predicted, actual = np.array(reliability(expected, errors, 20)).T
    figure, axes = plt.subplots(figsize=(5, 4.5), layout="constrained")
    top = 1.05 * max(predicted.max(), actual.max())
    axes.plot([0, top], [0, top], color="gray", linewidth=1, label="perfectly calibrated")
    axes.plot(predicted, actual, "o-", label="joints, in twenty groups")
    axes.set(xlabel="expected error, mm", ylabel="actual mean error, mm", xlim=(0, top), ylim=(0, top))
    axes.legend()
    figure.savefig(image, dpi=110)
    for pair in zip(predicted, actual, strict=True):
        print("{:8.1f} expected {:8.1f} actual mm".format(*pair))


def joint_angles(motions: list[Motion]) -> np.ndarray:
    """Rotation angles [N, 24] of the joints from the T-pose in degrees; for the pelvis, the lean from upright."""
    matrices = axis_angle_to_matrix(np.concatenate([motion.poses for motion in motions]).astype(np.float64))
    angle = np.arccos(np.clip((np.trace(matrices, axis1=-2, axis2=-1) - 1) / 2, -1, 1))
    angle[:, 0] = np.arccos(np.clip(matrices[:, 0, 1, 1], -1, 1))
    return np.degrees(angle)


def draw_coverage(motions: list[Motion], clips: int, image: Path) -> None:
    """Draw a box plot of joint angles: boxes cover half of the frames, whiskers 98 percent.

    Args:
        motions: recordings and key-pose motions.
        clips: number of training clips to sample.
    """
    recorded = [motion for motion in motions if not motion.name.startswith("keyposes/")]
    random = np.random.default_rng(0)
    groups = {
        f"{len(recorded)} recordings": joint_angles(recorded),
        f"{clips} training clips": joint_angles([sample_motion(random, motions) for _ in range(clips)]),
    }
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    for number, (name, angles) in enumerate(groups.items()):
        print(f"{name}: degrees from the T-pose, percentiles {', '.join(map(str, PERCENTILES))}")
        boxes = []
        for joint in SHOWN:
            low, lower, middle, upper, high = np.percentile(angles[:, joint], PERCENTILES)
            boxes.append({"whislo": low, "q1": lower, "med": middle, "q3": upper, "whishi": high, "fliers": []})
            print(f"  {JOINT_NAMES[joint]:16}" + "".join(f"{x:7.0f}" for x in (low, lower, middle, upper, high)))
        positions = np.arange(len(SHOWN)) + (number - 0.5) * 0.36
        drawn = axes.bxp(boxes, positions, widths=0.3, showfliers=False, patch_artist=True)
        for patch in drawn["boxes"]:
            patch.set_facecolor(f"C{number}")
        drawn["boxes"][0].set_label(name)
    axes.set_xticks(range(len(SHOWN)), [JOINT_NAMES[joint].removeprefix("left_") for joint in SHOWN])
    axes.set(ylabel="degrees from the T-pose (pelvis: from upright)", ylim=(0, 185))
    axes.legend()
    figure.savefig(image, dpi=110)


def draw_scaling(results: Path, clips: int, image: Path) -> None:
    """Draw PA-MPJPE over the number of training clips.

    Args:
        results: csv file of the ablation; the rows that differ in their share of the clips only are drawn.
        clips: number of all clips.

    Raises:
        TarError: there are fewer than two such rows.
    """
    scores = read_results(results)
    rows = {name: row.data for name, row in rows_of("tar-s").items() if row.config == TAR_S and name in scores}
    if len(rows) < 2:
        raise TarError(f"{results}: fewer than two rows with different shares of the clips; train more of them")
    points = sorted((round(clips * share), scores[name].pa) for name, share in rows.items())
    for count, pa in points:
        print(f"{count:6d} clips: PA-MPJPE {pa:.1f} mm")
    figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
    axes.plot(*zip(*points, strict=True), "o-")
    axes.set(xlabel="training clips", ylabel="PA-MPJPE on the synthetic test, mm", xscale="log", ylim=(0, 160))
    axes.set_xticks([count for count, _ in points], [str(count) for count, _ in points], minor=False)
    axes.minorticks_off()
    figure.savefig(image, dpi=110)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=IMAGES, help="folder for the figures")
    figures = parser.add_subparsers(dest="figure", required=True)
    command = figures.add_parser("reliability")
    command.add_argument("--features", type=Path, required=True, help="folder written by tar_core.datasets.features")
    command.add_argument("--checkpoint", type=Path, help="checkpoint to use (default: the included one)")
    command = figures.add_parser("coverage")
    command.add_argument("--motions", type=Path, nargs="+", required=True, help="folders, files or tar archives")
    command.add_argument("--clips", type=positive_int, default=2000, help="number of training clips to sample")
    command = figures.add_parser("scaling")
    command.add_argument("--results", type=Path, required=True, help="csv file of the ablation")
    command.add_argument("--clips", type=positive_int, required=True, help="number of all clips")
    options = parser.parse_args(arguments)
    image = options.output / f"{options.figure}.png"
    try:
        if options.figure == "reliability":
            draw_reliability(predict(load_tar(options.checkpoint), FeatureClips(options.features)), image)
        elif options.figure == "scaling":
            draw_scaling(options.results, options.clips, image)
        else:
            rest_joints = BodyModel(load_body()).rest_joints.double().numpy()
            draw_coverage(load_split(options.motions, rest_joints, "train"), options.clips, image)
    except TarError as error:
        print(f"figures: {error}", file=sys.stderr)
        return 2
    print(image)
    return 0


if __name__ == "__main__":
    sys.exit(main())
