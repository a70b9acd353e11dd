"""Score monocular 3D poses on real video against ground truth from four cameras.

    python -m benchmarks.pose2sim.score PREDICTIONS    a folder with cam01.npz to cam04.npz; a missing file has failed
    python -m benchmarks.pose2sim.score --baseline     the rows of MediaPipe

The videos are Demo_SinglePerson/videos/cam01..04.mp4 from the PyPI package pose2sim 0.10.49 (BSD-3-Clause): a man
balancing on a beam, 100 frames at 60 fps, tilted cameras, a second person in the background of two of them.
ground_truth.npz contains 12 keypoints per frame in the frame of each camera (OpenCV's axes, meters), triangulated from
all four cameras with refined extrinsics (median reprojection error 5.4 px at 1080x1920; the standard deviations of the
bone lengths are 6 to 12 mm), and the results of MediaPipe Pose (heavy and full, video mode, default smoothing) on each
single camera.

A prediction file contains one of these arrays:
    keypoints  [100, 12, 3]  the 12 keypoints in the order of `keypoint_names`, camera frame, meters
    joints     [100, 24, 3]  SMPL's 24 joints, camera frame, meters; 12 of them are used. SMPL's hips and shoulders are
                             some centimeters away from the surface landmarks, which increases the errors a little.
Frames without the person are NaN and count as missed.

The table has rows for each camera and the mean. Errors are in mm: MPJPE (pelvis-aligned), PA-MPJPE (Procrustes with
scale), ACCEL (mm/frame^2 at 30 fps, from every second frame), and ABS, the error without alignment. Needs numpy only.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

GROUND_TRUTH = Path(__file__).resolve().parent / "ground_truth.npz"
CAMERAS = ("cam01", "cam02", "cam03", "cam04")
BASELINES = ("mediapipe_heavy_video", "mediapipe_full_video")
SMPL_JOINTS = [16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8]
HIPS = [6, 7]

Row = dict[str, float]


def procrustes(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Apply the similarity transform to `predicted` [12, 3] that fits `target` [12, 3] best (least squares)."""
    p, t = predicted - predicted.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(p.T @ t)
    d = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = u * d @ vt
    scale = (s * d).sum() / (p**2).sum()
    return scale * p @ rotation + target.mean(0)


def score(predicted: np.ndarray, target: np.ndarray) -> Row:
    """Errors in mm of `predicted` [T, 12, 3] against `target` [T, 12, 3], both in meters; NaN frames are left out."""
    seen = np.isfinite(predicted).all((1, 2))
    if not seen.any():
        return dict(mpjpe=np.nan, pa=np.nan, accel=np.nan, abs=np.nan, missed=len(predicted))
    p, t = predicted[seen], target[seen]
    pa = np.mean([_error(procrustes(a, b), b) for a, b in zip(p, t, strict=True)])
    difference = _acceleration(_pelvis_aligned(predicted)[::2]) - _acceleration(_pelvis_aligned(target)[::2])
    accel = 1000 * np.nanmean(np.linalg.norm(difference, axis=-1))
    return dict(
        mpjpe=_error(_pelvis_aligned(p), _pelvis_aligned(t)),
        pa=float(pa),
        accel=float(accel),
        abs=_error(p, t),
        missed=int((~seen).sum()),
    )


def score_folder(predictions: Path) -> dict[str, Row]:
    """Score the predictions of each camera in a folder.

    Raises:
        ValueError: the shape of a prediction differs from the ground truth.
    """
    rows = {}
    with np.load(GROUND_TRUTH) as truth:
        for camera in CAMERAS:
            path, target = predictions / f"{camera}.npz", truth[f"{camera}/keypoints"]
            predicted = _load(path) if path.exists() else np.full(target.shape, np.nan)
            if predicted.shape != target.shape:
                raise ValueError(f"{path}: expected {target.shape}, got {predicted.shape}")
            rows[camera] = score(predicted, target)
    return rows


def score_baseline(name: str) -> dict[str, Row]:
    """Score MediaPipe on each camera; `name` is one of BASELINES."""
    with np.load(GROUND_TRUTH) as truth:
        return {camera: score(truth[f"baseline/{name}/{camera}"], truth[f"{camera}/keypoints"]) for camera in CAMERAS}


def mean_row(rows: dict[str, Row]) -> Row:
    """Means of the errors, and the sum of the missed frames."""
    mean = {key: float(np.mean([row[key] for row in rows.values()])) for key in ("mpjpe", "pa", "accel", "abs")}
    return mean | {"missed": sum(row["missed"] for row in rows.values())}


def print_table(name: str, rows: dict[str, Row]) -> None:
    print(f"{name:28s} {'MPJPE':>8s} {'PA-MPJPE':>9s} {'ACCEL':>7s} {'ABS':>8s} {'missed':>7s}")
    for camera, row in [*rows.items(), ("mean", mean_row(rows))]:
        errors = f"{row['mpjpe']:8.1f} {row['pa']:9.1f} {row['accel']:7.2f} {row['abs']:8.1f}"
        print(f"  {camera:26s} {errors} {row['missed']:7.0f}")


def _error(a: np.ndarray, b: np.ndarray) -> float:
    return float(1000 * np.linalg.norm(a - b, axis=-1).mean())


def _pelvis_aligned(points: np.ndarray) -> np.ndarray:
    return points - points[:, HIPS].mean(1, keepdims=True)


def _acceleration(points: np.ndarray) -> np.ndarray:
    return points[2:] - 2 * points[1:-1] + points[:-2]


def _load(path: Path) -> np.ndarray:
    with np.load(path) as data:
        if "keypoints" in data:
            return data["keypoints"].astype(float)
        return data["joints"][:, SMPL_JOINTS].astype(float)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predictions", nargs="?", type=Path)
    parser.add_argument("--baseline", action="store_true", help="print the rows of MediaPipe")
    options = parser.parse_args()
    if not (options.baseline or options.predictions):
        parser.print_help()
    for name in BASELINES if options.baseline else ():
        print_table(name, score_baseline(name))
    if options.predictions:
        try:
            print_table(str(options.predictions), score_folder(options.predictions))
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
