"""`make bench-decoding`: how fast videos are decoded, compared with OpenCV in the same run.

A part of the demo video, in 1080p at 30 fps and four times in a row, is encoded with each codec and decoded alternately
by `VideoReader` and by OpenCV's `VideoCapture`, to RGB images. The ratio is the median of the rounds. The last column
is the growth of the memory while the video is read again and again.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import imageio_ffmpeg

from scripts.fetch.demo_video import fetch_demo_video
from tar_core.video.reader import VideoReader

CODECS = {
    "H.264": ("libx264", ".mp4", ()),
    "HEVC": ("libx265", ".mp4", ("-x265-params", "log-level=none")),
    "VP9": ("libvpx-vp9", ".webm", ("-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M")),
}
ROUNDS, REPEATS = 7, 5


def encode(codec: str, ending: str, options: tuple[str, ...], folder: Path) -> Path:
    """Encode the demo video, which is upright, as a landscape video of 1920 x 1080 pixels."""
    path = folder / f"{codec}{ending}"
    size = ("-vf", "transpose,scale=1920:1080", "-r", "30", "-an")
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-stream_loop",
        "3",
        "-i",
        str(fetch_demo_video(1)),
        *size,
        "-c:v",
        codec,
    ]
    subprocess.run([*command, *options, str(path)], check=True)
    return path


def read_with_reader(path: Path) -> int:
    """Decode all frames with `VideoReader`; returns their number."""
    return sum(frame.image is not None for frame in VideoReader(path).frames())


def read_with_opencv(path: Path) -> int:
    """Decode all frames with OpenCV; returns their number."""
    capture, count = cv2.VideoCapture(str(path)), 0
    while True:
        is_read, image = capture.read()
        if not is_read:
            return count
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        count += 1


def frames_per_second(read: Callable[[Path], int], path: Path) -> float:
    """Frames per second of wall-clock time."""
    began = time.perf_counter()
    return read(path) / (time.perf_counter() - began)


def memory_growth(path: Path) -> float:
    """Growth of the largest memory of this process while a video is read REPEATS times, MiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(REPEATS):
        read_with_reader(path)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> int:
    print("| codec | VideoReader, frames/s | OpenCV, frames/s | ratio | memory growth, MiB |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, (codec, ending, options) in CODECS.items():
            path = encode(codec, ending, options, Path(folder))
            rates = [
                [frames_per_second(read, path) for read in (read_with_reader, read_with_opencv)] for _ in range(ROUNDS)
            ]
            ours, theirs = (median(column) for column in zip(*rates, strict=True))
            ratio = median(row[0] / row[1] for row in rates)
            print(f"| {name} | {ours:.0f} | {theirs:.0f} | {ratio:.2f} | {memory_growth(path):.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
