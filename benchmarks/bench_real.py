"""`make bench-real`: accuracy on real video with ground truth, compared with MediaPipe.

The four demo cameras (one man balancing on a beam; scripts/fetch/demo_video.py) are captured with the default options,
without clean-up: the focal length is unknown and all people are captured. The person who covers the largest area over
the whole video counts, so the choice does not depend on ground truth. SMPL's joints in the camera frame are written to
one file per camera, which benchmarks/pose2sim/score.py scores: MPJPE, PA-MPJPE and ABS in mm, ACCEL in mm/frame^2 at
30 fps. pose2sim.csv and pose2sim.json contain the means with the hash and settings of the network. `--smoothing` also
scores the smoothed motion, for each strength, `--lean-correction` the motion after lean correction, and `--cleanup` the
motion after the whole clean-up with its default settings. With `--all`, all other real clips follow
(benchmarks/bench_clips.py).
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from benchmarks import bench_clips
from benchmarks.camera_joints import HIPS, SMPL_KEYPOINTS, camera_frame_joints, main_person
from benchmarks.pose2sim.score import BASELINES, mean_row, print_table, score_baseline, score_folder
from scripts.capture_command import capture_command
from scripts.fetch.demo_video import CAMERAS, fetch_demo_video
from scripts.paths import REPOSITORY
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.cleanup.pipeline import clean_up
from tar_core.errors import TarError
from tar_core.evaluation.protocols import Protocol
from tar_core.evaluation.results import ALL, table, write_results
from tar_core.model.checkpoint import load_tar
from tar_core.model.weights import DEFAULT_CHECKPOINT
from tar_core.motion import MotionClip
from tar_core.options import NO_CLEANUP, CleanupOptions

FRAMES = 100
PROTOCOL = Protocol(
    "pose2sim, four cameras", SMPL_KEYPOINTS, HIPS, ("pa_mpjpe", "mpjpe", "accel", "abs"), regressed=False
)


def capture(camera: int, folder: Path, checkpoint: Path | None, device: str) -> Path:
    """Capture one demo camera with the command line and return the motion file."""
    output = folder / f"cam{camera:02d}_motion.npz"
    command = [*capture_command(fetch_demo_video(camera), output, checkpoint), "--device", device]
    if subprocess.run(command, cwd=REPOSITORY).returncode:
        raise TarError(f"camera {camera}: capture failed; see its output above")
    return output


def score(predictions: Path, show: bool = True) -> dict[str, float]:
    """Score a folder of predictions.

    Args:
        show: print the tables of MediaPipe and of the predictions.

    Returns:
        means over the cameras: mpjpe, pa, accel, abs, missed.
    """
    rows = score_folder(predictions)
    if show:
        for name in BASELINES:
            print_table(name, score_baseline(name))
        print_table(str(predictions), rows)
    return mean_row(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the accuracy on the four demo cameras.")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "bench_real", help="folder for the results")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint to use (default: the included one)")
    parser.add_argument("--device", default="cpu", help="of the capture; torch:cpu for PyTorch (default: %(default)s)")
    parser.add_argument("--smoothing", type=float, nargs="+", default=[], help="also score these smoothing strengths")
    parser.add_argument("--lean-correction", action="store_true", help="also score the lean correction")
    parser.add_argument("--cleanup", action="store_true", help="also score the whole clean-up")
    parser.add_argument("--all", action="store_true", help="also capture and score the other real clips")
    arguments = parser.parse_args()
    cleanups = {f"smoothed {value:g}": replace(NO_CLEANUP, smoothing=value) for value in arguments.smoothing}
    if arguments.lean_correction:
        cleanups["lean corrected"] = replace(NO_CLEANUP, lean_correction=True)
    if arguments.cleanup:
        cleanups["cleaned up"] = CleanupOptions()
    try:
        figures = run(arguments.output.resolve(), arguments.checkpoint, arguments.all, cleanups, arguments.device)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    values = " ".join(f"{name}={figures[name]:.1f}" for name in ("pa", "mpjpe", "accel"))
    print(f"FIGURE {values} predictions={arguments.output}")
    return 0


def run(
    output: Path,
    checkpoint: Path | None,
    all_clips: bool = False,
    cleanups: Mapping[str, CleanupOptions] = MappingProxyType({}),
    device: str = "cpu",
) -> dict[str, float]:
    """Capture and score everything that was asked for; returns the means of the raw motion on the demo cameras.

    Args:
        cleanups: names and options of clean-ups whose results are scored too.
    """
    output.mkdir(parents=True, exist_ok=True)
    motions = [capture(camera, output, checkpoint, device) for camera in CAMERAS]
    figures = score_motions(motions, output)
    network = checkpoint or DEFAULT_CHECKPOINT
    rows = {network.stem: figures}
    for name, options in cleanups.items():
        folder = output / name.replace(" ", "_")
        folder.mkdir(exist_ok=True)
        rows[f"{network.stem}, {name}"] = score_motions(motions, folder, options)
    write_means(output, rows, network)
    if all_clips:
        bench_clips.run(output, checkpoint, {"balance": motions})
    return figures


def score_motions(motions: Sequence[Path], folder: Path, options: CleanupOptions = NO_CLEANUP) -> dict[str, float]:
    """Score the cameras' motion files after a clean-up; the tables of raw motion are printed.

    Args:
        folder: for the predictions.
    """
    body = load_body()
    model = BodyModel(body)
    for camera, path in zip(CAMERAS, motions, strict=True):
        person = main_person(clean_up(MotionClip.load(path), body, options).clip)
        np.savez(folder / f"cam{camera:02d}.npz", joints=camera_frame_joints(person, model, FRAMES))
    return score(folder, show=options == NO_CLEANUP)


def write_means(output: Path, rows: dict[str, dict[str, float]], network: Path) -> None:
    """Write the rows of means like the results of other protocols; print a table if there are several rows."""
    means = {name: {ALL: {**row, "pa_mpjpe": row["pa"]}} for name, row in rows.items()}
    if len(rows) > 1:
        print("\n".join(table(PROTOCOL.title, PROTOCOL.metrics, [(name, row[ALL]) for name, row in means.items()])))
    frames = {f"camera {camera}": FRAMES for camera in CAMERAS}
    write_results(output, "pose2sim", PROTOCOL, means, frames, network, {"config": load_tar(network).config.to_dict()})


if __name__ == "__main__":
    sys.exit(main())
