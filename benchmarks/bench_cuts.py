"""`python -m benchmarks.bench_cuts VIDEO ...`: how many dissolves between videos are found as cuts, by their length.

Each video must be a single shot; cuts that are found in it are wrong, and are printed. The dissolves are made of random
pairs of the videos, at about 30 frames per second. One counts as found if a cut is marked in its second half or within
half a second after it.
"""

import sys
from collections import deque
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from tar_core.runtime.streaming import frame_step
from tar_core.video.cuts import (
    DISSOLVE_LENGTHS,
    THUMBNAIL_HEIGHT,
    THUMBNAIL_WIDTH,
    ends_dissolve,
    find_shots,
    thumbnail,
)
from tar_core.video.reader import VideoReader

SECONDS = (0.3, 0.5, 0.7, 1.0, 1.5)
FPS, PAIRS = 30, 40
BEFORE, AFTER = 30, 40  # frames at most


def small_images(video: str) -> list[np.ndarray]:
    """Small gray images [36, 64, 3] of a video, at about 30 frames per second."""
    reader = VideoReader(video)
    frames = list(reader.frames())[:: frame_step(reader.fps)]
    size = THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT
    samples = (frame.picture.sample(4 * size[0], 4 * size[1]) for frame in frames)
    return [cv2.resize(sample, size, interpolation=cv2.INTER_AREA)[..., None].repeat(3, 2) for sample in samples]


def dissolve(first: Sequence[np.ndarray], second: Sequence[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """All of the first clip, and all of the second one, mixed where they overlap by `length` frames."""
    yield from first[:-length]
    for k, (one, other) in enumerate(zip(first[-length:], second[:length], strict=True), 1):
        share = k / (length + 1)
        yield ((1 - share) * one + share * other).astype(np.uint8)
    yield from second[length:]


def cuts(images: Iterator[np.ndarray]) -> list[int]:
    """Numbers of the images at which a dissolve ends."""
    shot: deque[np.ndarray] = deque(maxlen=max(DISSOLVE_LENGTHS) + 1)
    found = []
    for number, image in enumerate(images):
        shot.append(thumbnail(image))
        if ends_dissolve(shot):
            found.append(number)
            shot.clear()
    return found


def main(videos: Sequence[str]) -> int:
    for video in videos:
        shots = find_shots(VideoReader(video).frames())
        if len(shots) > 1:
            print(f"{video}: wrong cuts at {[shot.first for shot in shots[1:]]}")
    clips = [small_images(video) for video in videos]
    random = np.random.default_rng(0)
    print("| seconds | found | of | other cuts |\n|---|---|---|---|")
    for seconds in SECONDS:
        length = round(FPS * seconds)
        long = [clip for clip in clips if len(clip) > length + 5]
        found = others = 0
        for _ in range(PAIRS):
            first, second = random.choice(len(long), 2, replace=False)
            before, after = long[first][-length - BEFORE :], long[second][: length + AFTER]
            end = len(before)
            at = cuts(dissolve(before, after, length))
            is_right = [end - length / 2 <= cut <= end + FPS / 2 for cut in at]
            found += any(is_right)
            others += len(at) - any(is_right)
        print(f"| {seconds} | {found} | {PAIRS} | {others} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
