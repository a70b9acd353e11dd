"""Capture all real clips from packages (scripts/fetch/real_clips.py) and measure them, split into tune and test.

    python -m benchmarks.bench_real --all      after the table of bench_real
    python -m benchmarks.bench_clips           alone

The motion is the network's own, without clean-up. Clips from several calibrated cameras are scored against
benchmarks/references (benchmarks/triangulate.py), each camera separately, with the measures of bench_real: MPJPE (hips
aligned), PA-MPJPE and ACCEL (at 30 fps). For all clips, including those without ground truth, the distance of projected
joints from the backbone's confident landmarks is measured in pixels of its crop (benchmarks/landmark_distance.py).
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.camera_joints import HIPS, SMPL_KEYPOINTS, camera_frame_joints
from benchmarks.landmark_distance import landmark_distances
from scripts.capture_command import capture_command
from scripts.fetch.real_clips import CLIPS, RealClip, fetch_video
from scripts.paths import REPOSITORY
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.capture.networks import Networks
from tar_core.errors import TarError
from tar_core.evaluation.metrics import acceleration_error, mpjpe, pa_mpjpe, root_aligned
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import CaptureOptions

REFERENCES = Path(__file__).resolve().parent / "references"
BASELINE = "mediapipe_heavy_video"
MEASURES = ("mpjpe", "pa", "accel")
SPLITS = ("tune", "test")
EXIT_ERROR = 2  # exit code of capture after an error that it has reported

Motions = Mapping[str, Sequence[Path | None]]  # clip name -> motion files of its cameras


def run(output: Path, checkpoint: Path | None, captured: Motions) -> None:
    """Capture and measure all clips; print the tables and finally FIGURE_2D.

    Args:
        output: folder for the motion files.
        checkpoint: a network other than the default one.
        captured: motion files of clips that have been captured already.
    """
    motions: Motions = {
        clip.name: captured.get(clip.name)
        or [capture_clip(clip, camera, output / "clips", checkpoint) for camera in clip.cameras]
        for clip in CLIPS
    }
    print_scores(motions)
    print_distances(motions)


def capture_clip(clip: RealClip, camera: int, folder: Path, checkpoint: Path | None) -> Path | None:
    """Capture one camera of a clip with the command line.

    Returns:
        the motion file; None after an error that capture has reported, e.g. if it finds no people.

    Raises:
        TarError: capture failed with another exit code.
    """
    folder.mkdir(parents=True, exist_ok=True)
    motion = folder / f"{clip.name}_cam{camera:02d}.npz"
    command = [*capture_command(fetch_video(clip, camera), motion, checkpoint), "--quiet", "--start", str(clip.start)]
    if clip.end is not None:
        command += ["--end", str(clip.end)]
    code = subprocess.run(command, cwd=REPOSITORY).returncode
    if code not in (0, EXIT_ERROR):
        raise TarError(f"{clip.name}, camera {camera}: capture failed (exit code {code}); see its output above")
    return None if code else motion


def print_scores(motions: Motions) -> None:
    """Print the rows of the clips with a reference, and of MediaPipe on them."""
    body = BodyModel(load_body())
    print(f"\n{'against triangulated references':34s} {'MPJPE':>8s} {'PA-MPJPE':>9s} {'ACCEL':>7s} {'missed':>7s}")
    for clip in CLIPS:
        if clip.reference is None:
            continue
        rows, baselines = [], []
        with np.load(REFERENCES / f"{clip.reference}.npz") as reference:
            for camera, path in zip(clip.cameras, motions[clip.name], strict=True):
                target = reference[f"cam{camera:02d}/keypoints"].astype(float)
                target = target[: len(target) - clip.delay]  # the delayed take has the same length
                pixels = project_keypoints(target, reference[f"cam{camera:02d}/intrinsics"])
                if path is None:
                    joints = np.full((len(target) + clip.delay, len(SMPL_KEYPOINTS), 3), np.nan)
                else:
                    person = matching_person(MotionClip.load(path), pixels, clip.delay)
                    joints = camera_frame_joints(person, body, len(target) + clip.delay)[:, SMPL_KEYPOINTS]
                rows.append(score(joints[clip.delay :], target, float(reference["fps"])))
                print_row(f"{clip.split} {clip.name}, camera {camera}", rows[-1])
                if not clip.delay:  # MediaPipe was not run on the delayed take's videos
                    baseline = reference[f"baseline/{BASELINE}/cam{camera:02d}"]
                    baselines.append(score(baseline.astype(float), target, float(reference["fps"])))
        print_row(f"{clip.split} {clip.name}, mean", mean_row(rows))
        if baselines:
            print_row(f"{clip.split} {clip.name}, MediaPipe heavy", mean_row(baselines))


def print_distances(motions: Motions) -> None:
    """Print the median distances from the backbone's landmarks of each clip, each split and all clips."""
    networks, body = Networks.load(CaptureOptions()), BodyModel(load_body())
    pooled: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    print(f"\n{'from confident landmarks, 256 px crop':42s} {'median px':>9s} {'joints':>7s}")
    for clip in CLIPS:
        found = [MotionClip.load(path) for path in motions[clip.name] if path is not None]
        if not found:
            print(f"  {clip.split + ' ' + clip.name:40s} {'no people':>9s} {0:7d}", flush=True)
            continue
        parts = [landmark_distances(motion, networks, body, clip.start, clip.end) for motion in found]
        pooled[clip.split] += parts
        distances = np.concatenate(parts)
        print(f"  {clip.split + ' ' + clip.name:40s} {np.median(distances):9.1f} {len(distances):7d}", flush=True)
    medians = {split: np.median(np.concatenate(parts)) for split, parts in pooled.items()}
    over_all = np.median(np.concatenate([part for parts in pooled.values() for part in parts]))
    print(f"FIGURE_2D median_px={over_all:.1f} test_px={medians['test']:.1f} tune_px={medians['tune']:.1f}")


def project_keypoints(keypoints: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Project points [..., 3] in the camera frame to pixels [..., 2], without distortion."""
    homogeneous = keypoints @ intrinsics.T
    return homogeneous[..., :2] / homogeneous[..., 2:]


def matching_person(clip: MotionClip, pixels: np.ndarray, delay: int) -> PersonMotion:
    """Find the captured person whose boxes contain the most keypoints of the reference.

    Args:
        pixels: [T, J, 2] keypoints of the reference.
        delay: as in `RealClip`.
    """

    def keypoints_inside(person: PersonMotion) -> int:
        within = (person.frames >= delay) & (person.frames < len(pixels) + delay)
        points, boxes = pixels[person.frames[within] - delay], person.boxes[within, None]
        return int(((points >= boxes[..., :2]) & (points <= boxes[..., 2:])).all(-1).sum())

    return max(clip.people, key=keypoints_inside)


def score(predicted: np.ndarray, target: np.ndarray, fps: float) -> dict[str, float]:
    """Measures of keypoints [T, 12, 3] in meters: mpjpe and pa in mm, accel in mm/frame^2 at 30 fps, missed frames.

    Frames without the person are NaN. They count as missed and are left out of the other measures.
    """
    seen = np.isfinite(predicted).all((1, 2))
    if not seen.any():
        return dict.fromkeys(MEASURES, np.nan) | {"missed": len(target)}
    step = max(1, round(fps / 30))
    acceleration = acceleration_error(root_aligned(predicted, HIPS)[::step], root_aligned(target, HIPS)[::step])
    return {
        "mpjpe": float(mpjpe(predicted[seen], target[seen], HIPS).mean()),
        "pa": float(pa_mpjpe(predicted[seen], target[seen]).mean()),
        "accel": float(np.nanmean(acceleration)) if np.isfinite(acceleration).any() else np.nan,
        "missed": int((~seen).sum()),
    }


def mean_row(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means of the cameras' measures, and the sum of their missed frames."""
    return {name: float(np.mean([row[name] for row in rows])) for name in MEASURES} | {
        "missed": sum(row["missed"] for row in rows)
    }


def print_row(name: str, row: Mapping[str, float]) -> None:
    print(f"  {name:32s} {row['mpjpe']:8.1f} {row['pa']:9.1f} {row['accel']:7.2f} {row['missed']:7.0f}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the accuracy on the other real clips.")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "bench_real", help="folder for the results")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint to use (default: the included one)")
    options = parser.parse_args(arguments)
    try:
        run(options.output.resolve(), options.checkpoint, {})
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
