"""`make bench-turning`: accuracy with rotating and zooming cameras, simulated from static ones.

From each demo video (scripts/fetch/demo_video.py), the exact view (by homography) of another camera at the same place
is cut out: it pans, tilts and shakes, and its first frame has the static camera's orientation. A second camera also
zooms. They are captured with the default options and without clean-up; in the frame of the first camera pose, the
motion must equal that of the static camera. The errors of the estimated rotations and zoom factors are printed, and the
scores against ground truth (benchmarks/pose2sim): of the static camera, of the rotating one, of the rotating one
captured with `--static-camera`, and of the zooming one.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.bench_real import FRAMES, score
from benchmarks.camera_joints import camera_frame_joints, main_person
from benchmarks.pinhole import intrinsics, view_from
from scripts.capture_command import capture_command
from scripts.fetch.demo_video import CAMERAS, fetch_demo_video
from scripts.paths import REPOSITORY
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter

FOCAL = 1681.0  # of the demo's cameras, pixels
SIZE = (960, 1700)  # image of the rotating camera, cut from 1080x1920 pixels


@dataclass(frozen=True)
class Case:
    """A way of capturing a demo camera.

    Attributes:
        name: also the name of the output folder.
        video: "original", "rotating" or "zooming".
        options: additional options of capture.
    """

    name: str
    video: str
    options: tuple[str, ...] = ()


CASES = (
    Case("static", "original"),
    Case("rotating", "rotating"),
    Case("rotating_as_static", "rotating", ("--static-camera",)),
    Case("zooming", "zooming"),
)


@dataclass
class CameraErrors:
    """Mean errors of the estimated cameras, one for each demo camera: rotations in degrees, zoom factors in percent."""

    rotations: list[float] = field(default_factory=list)
    zooms: list[float] = field(default_factory=list)


def shaken_pan(count: int, seed: int = 0) -> np.ndarray:
    """Rotation vectors [count, 3] of a slow pan and tilt with the shake of a hand, radians; the first is zero."""
    time = np.arange(count) / 60
    random = np.random.default_rng(seed)
    phases = random.uniform(0, 2 * np.pi, (3, 4))
    rates = np.array([0.7, 1.9, 3.7, 6.1])  # Hz
    shake = (np.sin(2 * np.pi * rates * time[:, None, None] + phases) * (0.5, 0.25, 0.12, 0.06)).sum(-1)
    pan = np.stack([1.0 * np.sin(2 * time), 2.5 * np.sin(1.5 * time), 1.5 * np.sin(time)], 1)
    rotations = np.radians(pan + 0.5 * shake)
    return rotations - rotations[0]


def slow_zoom(count: int) -> np.ndarray:
    """Zoom factors [count] from 1 up to 1.25 and halfway back."""
    return 1 + 0.25 * np.sin(np.linspace(0, 0.83 * np.pi, count))


def write_rotated_video(
    video: Path, output: Path, rotations: np.ndarray, zooms: np.ndarray | None = None, size: tuple[int, int] = SIZE
) -> None:
    """Write the view of a rotating camera at the place of a static one, both with the focal length FOCAL.

    Args:
        rotations: [F, 3] rotation vectors of the camera, radians.
        zooms: [F] factors of the focal length; None for a constant focal length.
        size: width and height of the view in pixels.
    """
    reader = VideoReader(video)
    zooms = np.ones(len(rotations)) if zooms is None else zooms
    source, target = intrinsics(FOCAL, reader.size), intrinsics(FOCAL, size)
    with VideoWriter(output, reader.fps, *size) as writer:
        for frame, rotation, zoom in zip(reader.frames(0, len(rotations) - 1), rotations, zooms, strict=True):
            matrix, zoomed = Rotation.from_rotvec(rotation).as_matrix(), target @ np.diag([zoom, zoom, 1])
            writer.write(view_from(frame.image, source, matrix, zoomed, size, cv2.INTER_LINEAR))


def angles_between(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Angles [F] between rotations [F, 3, 3], degrees."""
    return np.degrees(Rotation.from_matrix(found.transpose(0, 2, 1) @ true).magnitude())


def run(output: Path) -> tuple[CameraErrors, dict[str, dict[str, float]]]:
    """Capture all cases; returns the errors of the cameras and the scores of the cases."""
    errors = CameraErrors()
    for case in CASES:
        (output / case.name).mkdir(parents=True, exist_ok=True)
    for camera in CAMERAS:
        rotations, zooms = shaken_pan(FRAMES, camera), slow_zoom(FRAMES)
        videos = {
            "original": fetch_demo_video(camera),
            "rotating": output / f"rotating{camera:02d}.mp4",
            "zooming": output / f"zooming{camera:02d}.mp4",
        }
        write_rotated_video(videos["original"], videos["rotating"], rotations)
        write_rotated_video(videos["original"], videos["zooming"], rotations, zooms)
        clips = {case.name: capture(case, videos[case.video], camera, output) for case in CASES}
        angles = angles_between(
            clips["rotating"].camera_rotations(np.arange(FRAMES)), Rotation.from_rotvec(rotations).as_matrix()
        )
        errors.rotations.append(float(angles.mean()))
        largest = np.degrees(np.linalg.norm(rotations, axis=1).max())
        print(
            f"camera {camera} rotates by up to {largest:.1f} degrees; "
            f"error {angles.mean():.2f} (largest {angles.max():.2f})",
            flush=True,
        )
        zoomed = clips["zooming"]
        found = zoomed.focal_lengths(np.arange(FRAMES)) / zoomed.focal_length
        errors.zooms.append(100 * float(np.abs(found / zooms - 1).mean()))
        print(f"camera {camera} zooms up to {zooms.max():.2f}; error {errors.zooms[-1]:.2f} %", flush=True)
    return errors, {case.name: score(output / case.name) for case in CASES}


def capture(case: Case, video: Path, camera: int, output: Path) -> MotionClip:
    """Capture a video and write the prediction of its main person for `score`.

    Raises:
        TarError: capture failed.
    """
    motion = output / case.name / f"motion{camera:02d}.npz"
    command = [*capture_command(video, motion), "--focal-length", str(FOCAL), "--quiet", *case.options]
    if subprocess.run(command, cwd=REPOSITORY).returncode:
        raise TarError(f"camera {camera}: capture failed; see its output above")
    clip = MotionClip.load(motion)
    joints = camera_frame_joints(main_person(clip), BodyModel(load_body()), FRAMES)
    np.savez(output / case.name / f"cam{camera:02d}.npz", joints=joints)
    return clip


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the accuracy with rotating and zooming cameras.")
    parser.add_argument(
        "--output", type=Path, default=REPOSITORY / "out" / "bench_turning", help="folder for the results"
    )
    options = parser.parse_args()
    try:
        errors, scores = run(options.output.resolve())
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, figures in scores.items():
        print(f"{name:20s}", "  ".join(f"{key} {value:.1f}" for key, value in figures.items()))
    print(
        f"FIGURE turn_deg={np.mean(errors.rotations):.2f} zoom_percent={np.mean(errors.zooms):.2f}"
        f" abs={scores['rotating']['abs']:.0f} zoom_abs={scores['zooming']['abs']:.0f}"
        f" still_abs={scores['static']['abs']:.0f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
