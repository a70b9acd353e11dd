"""`make bench-real`: accuracy on real video with ground truth, beside MediaPipe.

Captures the four demo cameras (one man balancing on a beam; tools/fetch_demo.py) with capture's own defaults: unknown
focal length, everybody found, nothing told about the man. Of the people found the one who covers the most picture over
the whole video counts, so that ground truth has no say in the choice. SMPL's joints in the camera frame go into one
file a camera, and the bench's own program, shared/bench/pose2sim_single/score.py beside the checkout, scores them:
MPJPE, PA-MPJPE and ABS in mm, ACCEL in mm/frame^2 at 30 fps.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from tar_core.body import BodyModel
from tar_core.body_file import load_body
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import NUM_JOINTS
from tools.capture_command import capture_command
from tools.fetch_demo import CAMERAS, fetch_demo_video

ROOT = Path(__file__).resolve().parent.parent
SCORE = ROOT.parent / "shared" / "bench" / "pose2sim_single" / "score.py"
FRAMES = 100


def main_person(clip: MotionClip) -> PersonMotion:
    """Who covers the most picture: the largest sum of box areas over the frames."""
    return max(clip.people, key=lambda person: float(np.prod(person.boxes[:, 2:] - person.boxes[:, :2], axis=1).sum()))


def camera_frame_joints(person: PersonMotion, body: BodyModel, frame_count: int) -> np.ndarray:
    """SMPL's joints in the camera frame, [frame_count, 24, 3] metres; NaN in frames without the person."""
    rotations = axis_angle_to_matrix(torch.from_numpy(person.poses).view(-1, NUM_JOINTS, 3))
    with torch.no_grad():
        points = body(rotations, torch.from_numpy(person.betas).expand(len(person), -1))
    joints = np.full((frame_count, NUM_JOINTS, 3), np.nan, np.float32)
    within = person.frames < frame_count
    joints[person.frames[within]] = (points.joints.numpy() + person.trans[:, None])[within]
    return joints


def capture(camera: int, folder: Path, checkpoint: Path | None) -> MotionClip:
    """One demo camera, captured as a user would: by the command line, with its defaults."""
    output = folder / f"cam{camera:02d}_motion.npz"
    command = capture_command(fetch_demo_video(camera), output, checkpoint)
    if subprocess.run(command, cwd=ROOT).returncode:
        raise TarError(f"camera {camera} could not be captured; its reason stands above")
    return MotionClip.load(output)


def score(program: Path, predictions: Path) -> dict[str, float]:
    """Prints the program's tables and returns the mean row of ours: mpjpe, pa, accel, abs, missed."""
    command = [sys.executable, str(program), "--baseline", str(predictions)]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print(table, end="")
    mean_row = [line.split() for line in table.splitlines() if line.split()[:1] == ["mean"]][-1]
    return dict(zip(("mpjpe", "pa", "accel", "abs", "missed"), map(float, mean_row[1:]), strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(description="accuracy on the four demo cameras")
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "bench_real", help="folder for the results")
    parser.add_argument("--checkpoint", type=Path, help="a network other than the default one")
    parser.add_argument("--score", type=Path, default=SCORE, help="the bench's score.py")
    arguments = parser.parse_args()
    try:
        figures = run(arguments.output.resolve(), arguments.checkpoint, arguments.score)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    values = " ".join(f"{name}={figures[name]:.1f}" for name in ("pa", "mpjpe", "accel"))
    print(f"FIGURE {values} predictions={arguments.output}")
    return 0


def run(output: Path, checkpoint: Path | None, program: Path) -> dict[str, float]:
    if not program.is_file():
        raise TarError(f"{program}: no such file; name the bench's program with --score")
    output.mkdir(parents=True, exist_ok=True)
    body = BodyModel(load_body())
    for camera in CAMERAS:
        joints = camera_frame_joints(main_person(capture(camera, output, checkpoint)), body, FRAMES)
        np.savez(output / f"cam{camera:02d}.npz", joints=joints)
    return score(program, output)


if __name__ == "__main__":
    sys.exit(main())
