"""`make bench-real`: accuracy on real video with ground truth, compared with MediaPipe.

The four demo cameras (one man balancing on a beam; scripts/fetch/demo_video.py) are captured with the default options,
without clean-up: the focal length is unknown and all people are captured. The person who covers the largest area over
the whole video counts, so the choice does not depend on ground truth. SMPL's joints in the camera frame are written to
one file per camera, which benchmarks/pose2sim/score.py scores: MPJPE, PA-MPJPE and ABS in mm, ACCEL in mm/frame^2 at
30 fps. pose2sim.csv and pose2sim.json contain the means with the hash and settings of the network. `--smoothing` also
scores the smoothed motion, for each strength, and `--lean-correction` the motion after lean correction. With `--all`,
all other real clips follow (benchmarks/bench_clips.py).
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import bench_clips
from benchmarks.camera_joints import HIPS, SMPL_KEYPOINTS, camera_frame_joints, main_person
from benchmarks.pose2sim.score import BASELINES, mean_row, print_table, score_baseline, score_folder
from scripts.capture_command import capture_command
from scripts.fetch.demo_video import CAMERAS, fetch_demo_video
from scripts.paths import REPOSITORY
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.cleanup.lean_correction import correct_clip_lean
from tar_core.cleanup.smoothing import check_strength, smooth_person
from tar_core.errors import TarError
from tar_core.evaluation.protocols import Protocol
from tar_core.evaluation.results import ALL, table, write_results
from tar_core.model.checkpoint import DEFAULT_CHECKPOINT, load_tar
from tar_core.motion import MotionClip

FRAMES = 100
PROTOCOL = Protocol(
    "pose2sim, four cameras", SMPL_KEYPOINTS, HIPS, ("pa_mpjpe", "mpjpe", "accel", "abs"), regressed=False
)


def capture(camera: int, folder: Path, checkpoint: Path | None) -> Path:
    """Capture one demo camera with the command line and return the motion file."""
    output = folder / f"cam{camera:02d}_motion.npz"
    command = capture_command(fetch_demo_video(camera), output, checkpoint)
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
    parser.add_argument("--smoothing", type=float, nargs="+", default=[], help="also score these smoothing strengths")
    parser.add_argument("--lean-correction", action="store_true", help="also score the lean correction")
    parser.add_argument("--all", action="store_true", help="also capture and score the other real clips")
    arguments = parser.parse_args()
    try:
        figures = run(
            arguments.output.resolve(),
            arguments.checkpoint,
            arguments.all,
            arguments.smoothing,
            arguments.lean_correction,
        )
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
    smoothing: Sequence[float] = (),
    lean_correction: bool = False,
) -> dict[str, float]:
    """Capture and score everything that was asked for; returns the means of the raw motion on the demo cameras."""
    for strength in smoothing:
        check_strength(strength)
    output.mkdir(parents=True, exist_ok=True)
    motions = [capture(camera, output, checkpoint) for camera in CAMERAS]
    figures = score_motions(motions, 0.0, output)
    network = checkpoint or DEFAULT_CHECKPOINT
    rows = {network.stem: figures}
    for strength in smoothing:
        folder = output / f"smoothed_{strength:g}"
        folder.mkdir(exist_ok=True)
        rows[f"{network.stem}, smoothed {strength:g}"] = score_motions(motions, strength, folder)
    if lean_correction:
        folder = output / "lean_corrected"
        folder.mkdir(exist_ok=True)
        rows[f"{network.stem}, lean corrected"] = score_motions(motions, 0.0, folder, lean_correction=True)
    write_means(output, rows, network)
    if all_clips:
        bench_clips.run(output, checkpoint, {"balance": motions})
    return figures


def score_motions(
    motions: Sequence[Path], strength: float, folder: Path, lean_correction: bool = False
) -> dict[str, float]:
    """Score the cameras' motion files after lean correction and smoothing; the tables of raw motion are printed.

    Args:
        strength: of the smoothing, 0 for none.
        folder: for the predictions.
    """
    body = BodyModel(load_body())
    for camera, path in zip(CAMERAS, motions, strict=True):
        motion = MotionClip.load(path)
        if lean_correction:
            motion = correct_clip_lean(motion, load_body())
        person = smooth_person(main_person(motion), motion.fps, strength)
        np.savez(folder / f"cam{camera:02d}.npz", joints=camera_frame_joints(person, body, FRAMES))
    return score(folder, show=not (strength or lean_correction))


def write_means(output: Path, rows: dict[str, dict[str, float]], network: Path) -> None:
    """Write the rows of means like the results of other protocols; print a table if there are several rows."""
    means = {name: {ALL: {**row, "pa_mpjpe": row["pa"]}} for name, row in rows.items()}
    if len(rows) > 1:
        print("\n".join(table(PROTOCOL, {name: row[ALL] for name, row in means.items()})))
    frames = {f"camera {camera}": FRAMES for camera in CAMERAS}
    write_results(output, "pose2sim", PROTOCOL, means, frames, network, {"config": load_tar(network).config.to_dict()})


if __name__ == "__main__":
    sys.exit(main())
