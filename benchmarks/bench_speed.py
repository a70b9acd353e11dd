"""`make bench-speed`: speed of capture compared with MediaPipe's heavy pose model, and memory for a long video.

Speed: both run as separate processes on the same video, alternating for several rounds. The time of a run is that of
the whole process, from its start to the written file, with the loading of libraries and weights. MediaPipe (0.10.21, in
its own environment in `.cache`) follows one person and outputs 33 landmarks per frame, so capture also follows one
person, the largest, and outputs the body's motion, without clean-up. The ratio is the median over the rounds; above 1,
capture is faster. The demo video has 60 frames per second; capture analyzes 30 of them and MediaPipe all, so the ratio
with `--every-frame` is printed too. A longer video gives the speed after loading.

Start: the time of a process that captures a single frame, on PyTorch over on ONNX Runtime, in the same rounds.

Memory: the peak resident memory of a process that captures all people: on ONNX Runtime over on PyTorch, and for a loop
of the video that is ten times as long over the video.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from scripts.capture_command import capture_command
from scripts.fetch.demo_video import fetch_demo_video
from scripts.fetch.npm import read_package_file
from scripts.paths import CACHE, REPOSITORY
from tar_core.arguments import positive_int
from tar_core.errors import TarError
from tar_core.files import atomic_path
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter

MEDIAPIPE = CACHE / "mediapipe" / "venv"
HEAVY = "pose_landmark_heavy.tflite"
LOOPS = 10


@dataclass(frozen=True)
class Usage:
    """Usage of a process: elapsed seconds, and peak resident memory in MiB."""

    seconds: float
    peak_memory: float


# A process inherits the peak memory of its parent, so a small Python process starts it.
LAUNCHER = """
import resource, subprocess, sys, time
from scripts.paths import REPOSITORY
started = time.perf_counter()
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status != 0)
"""


def measure(command: list[str]) -> Usage:
    """Run a command and measure its usage.

    Raises:
        TarError: the command failed; the message has the last line of its standard error.
    """
    launched = [sys.executable, "-S", "-c", LAUNCHER, *command]
    finished = subprocess.run(launched, cwd=REPOSITORY, capture_output=True, text=True)
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise TarError(f"{' '.join(command[1:])} failed: {last}")
    seconds, peak = map(float, finished.stdout.split())
    kibibytes = peak / 1024 if sys.platform == "darwin" else peak
    return Usage(seconds, kibibytes / 1024)


def mediapipe_python() -> Path:
    """The Python of MediaPipe's environment; the first call creates the environment (1 GB)."""
    python = MEDIAPIPE / "bin" / "python"
    models = MEDIAPIPE / "lib" / f"python3.{sys.version_info.minor}" / "site-packages/mediapipe/modules/pose_landmark"
    if not models.is_dir():
        print("installing MediaPipe in its own environment ...", flush=True)
        venv.create(MEDIAPIPE, with_pip=True)
        requirements = REPOSITORY / "requirements" / "mediapipe.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    if not (models / HEAVY).is_file():  # the same file that MediaPipe would download from a storage bucket
        with atomic_path(models / HEAVY) as temporary:
            temporary.write_bytes(read_package_file("@mediapipe/pose@0.5.1675469404", HEAVY))
    return python


def looped_video(source: Path, loops: int, target: Path) -> Path:
    """Write `source` repeated `loops` times to the file `target`."""
    reader = VideoReader(source)
    with VideoWriter(target, reader.fps, reader.width, reader.height) as writer:
        for _ in range(loops):
            for frame in reader.frames():
                writer.write(frame.image)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the speed with MediaPipe, and measure memory.")
    parser.add_argument("--video", type=Path, help="video file (default: the demo video)")
    parser.add_argument("--checkpoint", type=Path, help="checkpoint to use (default: the included one)")
    parser.add_argument("--rounds", type=positive_int, default=5, help="number of rounds (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        run(arguments.video or fetch_demo_video(), arguments.checkpoint, arguments.rounds)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(video: Path, checkpoint: Path | None, rounds: int) -> None:
    """Run the benchmark and print its tables."""
    other_python = mediapipe_python()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.npz"

        def capture(path: Path, *options: str, people: str = "largest") -> Usage:
            return measure([*capture_command(path, output, checkpoint, people=people), *options])

        def mediapipe(path: Path) -> Usage:
            return measure([str(other_python), "benchmarks/mediapipe_pose.py", str(path), str(output)])

        once = looped_video(video, 1, Path(folder) / "once.mp4")
        long = looped_video(video, LOOPS, Path(folder) / "long.mp4")
        frames = sum(1 for _ in VideoReader(video).frames())
        print(f"{video.name}: {frames} frames, {os.cpu_count()} cores; frames/s, whole process")
        print(
            f"{'round':>7s} {'capture':>9s} {'MediaPipe':>10s} {'ratio':>7s} {'every frame':>12s} {'ratio':>7s}"
            f" {'start, s':>9s} {'PyTorch':>8s} {'ratio':>7s}"
        )
        ratios, every_ratios, start_ratios = [], [], []
        for number in range(1, rounds + 1):
            ours, theirs = capture(video).seconds, mediapipe(video).seconds
            every = capture(video, "--every-frame").seconds
            start, torch_start = (capture(video, "--end", "0", "--device", d).seconds for d in ("cpu", "torch:cpu"))
            ratios.append(theirs / ours)
            every_ratios.append(theirs / every)
            start_ratios.append(torch_start / start)
            print(
                f"{number:7d} {frames / ours:9.1f} {frames / theirs:10.1f} {ratios[-1]:7.2f}"
                f" {frames / every:12.1f} {every_ratios[-1]:7.2f}"
                f" {start:9.2f} {torch_start:8.2f} {start_ratios[-1]:7.2f}",
                flush=True,
            )

        extra = (LOOPS - 1) * frames
        ours = extra / (capture(long).seconds - capture(once).seconds)
        theirs = extra / (mediapipe(long).seconds - mediapipe(once).seconds)
        print(f"{'loaded':>7s} {ours:9.1f} {theirs:10.1f} {ours / theirs:7.2f}   ({extra} additional frames of a loop)")
        short, long_loop = (capture(path, people="all").peak_memory for path in (once, long))
        with_torch = capture(once, "--device", "torch:cpu", people="all").peak_memory
    print(f"peak memory: {short:.0f} MiB, {LOOPS} times longer: {long_loop:.0f} MiB, on PyTorch: {with_torch:.0f} MiB")
    print(
        f"FIGURE ratio={statistics.median(ratios):.2f} every_frame_ratio={statistics.median(every_ratios):.2f} "
        f"start_seconds_ratio={statistics.median(start_ratios):.2f} memory_ratio={short / with_torch:.2f} "
        f"growth={long_loop / short:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
