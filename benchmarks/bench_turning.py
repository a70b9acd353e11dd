"""`make bench-turning`: cameras that turn, and zoom, made of cameras that stand.

Of each demo video (scripts/fetch/demo_video.py) a smaller picture is cut as another camera in the same place would
have seen
it, that pans, tilts and shakes (a homography, so exact), and starts as the camera that stood. Both are captured with
the defaults; in the first frame's camera the motion must be the same. Another one also zooms. Told are how far the
turns and zooms found are off, and the bench's scores against ground truth (benchmarks/pose2sim): of the
camera that stood, of the one that turned, of that one taken for standing (--static-camera), and of the one that zooms.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from benchmarks.bench_real import FRAMES, score
from benchmarks.camera_joints import camera_frame_joints, main_person
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
SIZE = (960, 1700)  # what the turning camera sees of 1080x1920 pixels


def shaken_pan(count: int, seed: int = 0) -> np.ndarray:
    """[count, 3] rotation vectors: a slow pan and tilt, and a hand's shake; the first is zero. Radians."""
    time = np.arange(count) / 60
    random = np.random.default_rng(seed)
    phases = random.uniform(0, 2 * np.pi, (3, 4))
    rates = np.array([0.7, 1.9, 3.7, 6.1])  # Hz
    shake = (np.sin(2 * np.pi * rates * time[:, None, None] + phases) * (0.5, 0.25, 0.12, 0.06)).sum(-1)
    pan = np.stack([1.0 * np.sin(2 * time), 2.5 * np.sin(1.5 * time), 1.5 * np.sin(time)], 1)
    turns = np.radians(pan + 0.5 * shake)
    return turns - turns[0]


def slow_zoom(count: int) -> np.ndarray:
    """[count] focal lengths over the first: in by a quarter, and half of it out again."""
    return 1 + 0.25 * np.sin(np.linspace(0, 0.83 * np.pi, count))


def turn_video(
    video: Path, output: Path, turns: np.ndarray, zooms: np.ndarray | None = None, size: tuple[int, int] = SIZE
) -> None:
    """Writes what a camera of FOCAL in the video's place would have seen that turns by `turns` [F, 3].

    Args:
        zooms: [F] by which its focal length grows; ones if left out.
    """
    reader = VideoReader(video)
    zooms = np.ones(len(turns)) if zooms is None else zooms
    back = np.linalg.inv(_intrinsics(reader.size))
    with VideoWriter(output, reader.fps, *size) as writer:
        for frame, turn, zoom in zip(reader.frames(0, len(turns) - 1), turns, zooms, strict=True):
            homography = _intrinsics(size) @ np.diag([zoom, zoom, 1]) @ Rotation.from_rotvec(turn).as_matrix() @ back
            writer.write(cv2.warpPerspective(frame.image, homography, size, flags=cv2.INTER_LINEAR))


def _intrinsics(size: tuple[int, int]) -> np.ndarray:
    return np.array([[FOCAL, 0, (size[0] - 1) / 2], [0, FOCAL, (size[1] - 1) / 2], [0, 0, 1]])


def degrees_off(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """[F] degrees between rotations [F, 3, 3]."""
    return np.degrees(Rotation.from_matrix(found.transpose(0, 2, 1) @ true).magnitude())


def run(output: Path) -> tuple[float, float, dict[str, dict[str, float]]]:
    """The mean errors of the turns in degrees and of the zooms in percent, and the scores of each way of capture."""
    body = BodyModel(load_body())
    off: list[float] = []
    zooms_off: list[float] = []
    ways: dict[str, list[str]] = {
        "standing": [],
        "turning": [],
        "taken for standing": ["--static-camera"],
        "zooming": [],
    }
    for way in ways:
        (output / way).mkdir(parents=True, exist_ok=True)
    for camera in CAMERAS:
        original, turned = fetch_demo_video(camera), output / f"turning{camera:02d}.mp4"
        turns = shaken_pan(FRAMES, camera)
        turn_video(original, turned, turns)
        zoomed, zooms = output / f"zooming{camera:02d}.mp4", slow_zoom(FRAMES)
        turn_video(original, zoomed, turns, zooms)
        for way, extra in ways.items():
            motion = output / way / f"motion{camera:02d}.npz"
            video = {"standing": original, "zooming": zoomed}.get(way, turned)
            command = [*capture_command(video, motion), "--focal-length", str(FOCAL), "--quiet", *extra]
            if subprocess.run(command, cwd=REPOSITORY).returncode:
                raise TarError(f"camera {camera} could not be captured; its reason stands above")
            clip = MotionClip.load(motion)
            joints = camera_frame_joints(main_person(clip), body, FRAMES)
            np.savez(output / way / f"cam{camera:02d}.npz", joints=joints)
            if way == "zooming":
                found_zooms = clip.focal_lengths(np.arange(FRAMES)) / clip.focal_length
                zooms_off.append(100 * float(np.abs(found_zooms / zooms - 1).mean()))
                print(f"camera {camera} zooms to {zooms.max():.2f}, found to {zooms_off[-1]:.2f} %", flush=True)
            if way == "turning":
                found = clip.camera_rotations(np.arange(FRAMES))
                errors = degrees_off(found, Rotation.from_rotvec(turns).as_matrix())
                off.append(float(errors.mean()))
                print(
                    f"camera {camera} turns by up to {np.degrees(np.linalg.norm(turns, axis=1).max()):.1f} degrees, "
                    f"found to {errors.mean():.2f} (largest error {errors.max():.2f})",
                    flush=True,
                )
    return float(np.mean(off)), float(np.mean(zooms_off)), {way: score(output / way) for way in ways}


def main() -> int:
    parser = argparse.ArgumentParser(description="cameras that turn, against ground truth")
    parser.add_argument(
        "--output", type=Path, default=REPOSITORY / "out" / "bench_turning", help="folder for the results"
    )
    options = parser.parse_args()
    try:
        turn_error, zoom_error, scores = run(options.output.resolve())
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for way, figures in scores.items():
        print(f"{way:20s}", "  ".join(f"{name} {value:.1f}" for name, value in figures.items()))
    print(
        f"FIGURE turn_deg={turn_error:.2f} zoom_percent={zoom_error:.2f} abs={scores['turning']['abs']:.0f}"
        f" zoom_abs={scores['zooming']['abs']:.0f} still_abs={scores['standing']['abs']:.0f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
