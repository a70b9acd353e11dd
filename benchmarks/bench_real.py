"""`make bench-real`: accuracy on real video with ground truth, beside MediaPipe.

Captures the four demo cameras (one man balancing on a beam; scripts/fetch/demo_video.py) with capture's own defaults:
unknown
focal length, everybody found, nothing told about the man. Of the people found the one who covers the most picture over
the whole video counts, so that ground truth has no say in the choice. SMPL's joints in the camera frame go into one
file a camera, and the bench's own program, benchmarks/pose2sim/score.py, scores them:
MPJPE, PA-MPJPE and ABS in mm, ACCEL in mm/frame^2 at 30 fps. pose2sim.csv and pose2sim.json keep the means with the
network's hash and settings. `--smoothing` scores the motion again after `tar-capture smooth`, once for each strength,
and `--lean-correction` as capture's option of that name leaves it.
With `--all`, every other real clip follows (benchmarks/bench_clips.py).
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
    """The motion file of one demo camera, captured as a user would: by the command line, with its defaults."""
    output = folder / f"cam{camera:02d}_motion.npz"
    command = capture_command(fetch_demo_video(camera), output, checkpoint)
    if subprocess.run(command, cwd=REPOSITORY).returncode:
        raise TarError(f"camera {camera} could not be captured; its reason stands above")
    return output


def score(predictions: Path, show: bool = True) -> dict[str, float]:
    """Prints MediaPipe's tables and ours, and returns the mean row of ours: mpjpe, pa, accel, abs, missed."""
    rows = score_folder(predictions)
    if show:
        for name in BASELINES:
            print_table(name, score_baseline(name))
        print_table(str(predictions), rows)
    return mean_row(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description="accuracy on the four demo cameras")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "bench_real", help="folder for the results")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the default one")
    parser.add_argument("--smoothing", type=float, nargs="+", default=[], help="strengths of tar-capture smooth")
    parser.add_argument("--lean-correction", action="store_true", help="also with people's balance kept")
    parser.add_argument("--all", action="store_true", help="the other real clips too (benchmarks/bench_clips.py)")
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
        folder = output / "balanced"
        folder.mkdir(exist_ok=True)
        rows[f"{network.stem}, balance kept"] = score_motions(motions, 0.0, folder, lean_correction=True)
    keep(output, rows, network)
    if all_clips:
        bench_clips.run(output, checkpoint, {"balance": motions})
    return figures


def score_motions(
    motions: Sequence[Path], strength: float, folder: Path, lean_correction: bool = False
) -> dict[str, float]:
    """Scores the cameras' motion files, smoothed and lean-corrected as asked; prints tables for the raw ones only."""
    body = BodyModel(load_body())
    for camera, path in zip(CAMERAS, motions, strict=True):
        motion = MotionClip.load(path)
        if lean_correction:
            motion = correct_clip_lean(motion, load_body())
        person = smooth_person(main_person(motion), motion.fps, strength)
        np.savez(folder / f"cam{camera:02d}.npz", joints=camera_frame_joints(person, body, FRAMES))
    return score(folder, show=not (strength or lean_correction))


def keep(output: Path, rows: dict[str, dict[str, float]], network: Path) -> None:
    """Prints the rows as a table where there are several, and writes them as every other protocol's."""
    means = {name: {ALL: {**row, "pa_mpjpe": row["pa"]}} for name, row in rows.items()}
    if len(rows) > 1:
        print("\n".join(table(PROTOCOL, {name: row[ALL] for name, row in means.items()})))
    frames = {f"camera {camera}": FRAMES for camera in CAMERAS}
    write_results(output, "pose2sim", PROTOCOL, means, frames, network, {"config": load_tar(network).config.to_dict()})


if __name__ == "__main__":
    sys.exit(main())
