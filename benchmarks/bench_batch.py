"""`make bench-batch`: frames per second of `tar-capture batch` with one and with several workers.

Many clips: eight clips, one after the other and side by side. A long clip: unsplit, and in stretches that are followed
side by side. The clips are the man of the demo video, forth and back, with 540x960 pixels at 30 fps. The time of a run
is that of the whole process, with the loading of the networks. One worker uses its default number of threads, at least
two, so most of the second core of a machine with two is already in use; the share of all cores is printed. So all
clips are also captured by one worker that may use a single core (Linux only).

The seam is the largest distance between the joints of both captures of the long clip, in the camera frame, of the
largest person, without half a second on both sides of each seam.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from scripts.fetch.demo_video import fetch_demo_video
from scripts.paths import REPOSITORY
from tar_core.arguments import positive_int
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.capture.stretches import plan_stretches
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import CaptureOptions
from tar_core.shot_files import load_shots
from tar_core.skeleton import NUM_JOINTS, pose_skeleton
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tar_core.workers import cores

SIZE, FPS = (540, 960), 30.0
NUM_CLIPS = 8
SEAM_SECONDS = 0.5  # on both sides


@dataclass(frozen=True)
class Run:
    """Elapsed seconds of a run, and the share of all cores that it used."""

    seconds: float
    share: float


def forth_and_back(video: Path) -> list[np.ndarray]:
    """The images of a video at half its rate, reduced, forth and back, so that nothing jumps when they are repeated."""
    frames = [cv2.resize(f.image, SIZE, interpolation=cv2.INTER_AREA) for f in VideoReader(video).frames()][::2]
    return frames + frames[-2:0:-1]


def write_clip(path: Path, images: Sequence[np.ndarray], first: int, count: int) -> Path:
    """Write a video of `count` of the images, repeated."""
    with VideoWriter(path, FPS, *SIZE) as writer:
        for frame in range(first, first + count):
            writer.write(images[frame % len(images)])
    return path


def run_batch(clips: Sequence[Path], output: Path, workers: int, is_one_core: bool = False) -> Run:
    """Capture clips with `tar-capture batch`, on all cores or on one.

    Raises:
        TarError: it failed.
    """
    command = [sys.executable, "-m", "tar_core", "batch", *map(str, clips), "-o", str(output), "--raw"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    finished = subprocess.run(
        [*command, "--device", "cpu", "--workers", str(workers)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        preexec_fn=use_one_core if is_one_core else None,
    )
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if finished.returncode:
        raise TarError(f"tar-capture batch failed: {finished.stderr.strip().splitlines()[-1]}")
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Run(seconds, used / seconds / cores())


def use_one_core() -> None:
    """Let this process use one of its cores only."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])


def joints_of(person: PersonMotion) -> np.ndarray:
    """[N, 24, 3] joints in the camera frame, meters."""
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    return pose_skeleton(poses, rest_joints(load_body(), person.betas.astype(np.float64)))[1] + person.trans[:, None]


def seam_distance(whole: MotionClip, divided: MotionClip, seams: Sequence[int]) -> tuple[float, float]:
    """The largest and the median distance between the joints of the largest person, away from the seams, meters."""
    one, two = whole.people[0], divided.people[0]
    away = np.all([np.abs(one.frames - seam) > SEAM_SECONDS * FPS for seam in seams], 0)
    off = np.linalg.norm(joints_of(one) - joints_of(two), axis=-1)[away].max(1)
    return float(off.max()), float(np.median(off))


def run(clip_frames: int, long_frames: int, workers: int, rounds: int) -> None:
    """Run the benchmark and print its table."""
    images = forth_and_back(fetch_demo_video())
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = [write_clip(folder / f"{k}.mp4", images, 10 * k, clip_frames) for k in range(NUM_CLIPS)]
        long = write_clip(folder / "long.mp4", images, 0, long_frames)
        ways = [
            ("clips, one core", clips, NUM_CLIPS * clip_frames, 1),
            ("clips, one worker", clips, NUM_CLIPS * clip_frames, 1),
            ("clips, workers", clips, NUM_CLIPS * clip_frames, workers),
            ("long, one core", [long], long_frames, 1),
            ("long, one worker", [long], long_frames, 1),
            ("long, workers", [long], long_frames, workers),
        ]
        if not hasattr(os, "sched_setaffinity"):
            ways = [way for way in ways if not way[0].endswith("one core")]
        print(f"{cores()} cores, {workers} workers; {NUM_CLIPS} clips of {clip_frames} frames, one of {long_frames}")
        print(f"{'':>18s} {'frames/s':>9s} {'share of all cores':>19s}")
        for number in range(rounds):
            for way, videos, frames, count in ways:
                done = run_batch(videos, folder / f"{way} {number}", count, is_one_core=way.endswith("one core"))
                seconds.setdefault(way, []).append(done.seconds)
                print(f"{way:>18s} {frames / done.seconds:9.2f} {100 * done.share:18.0f}%", flush=True)
        plan = plan_stretches(VideoReader(long), CaptureOptions(workers=workers, device="cpu"))
        (whole,), (divided,) = (load_shots(folder / f"long, {way} 0" / "long.npz") for way in ("one worker", "workers"))
        largest, median = seam_distance(whole, divided, [stretch.first for stretch in plan[1:]])

    def ratio(way: str, other: str) -> float:
        return float(np.median(np.divide(seconds.get(way, np.nan), seconds[other])))

    over_one_core = [ratio(f"{kind}, one core", f"{kind}, workers") for kind in ("clips", "long")]

    print(f"{len(plan)} stretches; away from the seams the joints differ by {1000 * median:.2f} mm (median)")
    print(
        f"FIGURE_BATCH clips_speedup={ratio('clips, one worker', 'clips, workers'):.2f}"
        f" long_clip_speedup={ratio('long, one worker', 'long, workers'):.2f}"
        f" clips_over_one_core={over_one_core[0]:.2f} long_clip_over_one_core={over_one_core[1]:.2f}"
        f" seam_mm={1000 * largest:.2f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the speed of batches with one and with several workers.")
    parser.add_argument(
        "--clip-frames", type=positive_int, default=120, help="frames of each clip (default: %(default)s)"
    )
    parser.add_argument(
        "--long-frames", type=positive_int, default=1800, help="frames of the long clip (default: %(default)s)"
    )
    parser.add_argument("--workers", type=positive_int, default=2, help="number of workers (default: %(default)s)")
    parser.add_argument("--rounds", type=positive_int, default=3, help="number of rounds (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        run(arguments.clip_frames, arguments.long_frames, arguments.workers, arguments.rounds)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
