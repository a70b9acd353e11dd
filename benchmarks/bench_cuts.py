"""`python -m benchmarks.bench_cuts VIDEO ...`: how many dissolves between videos are found as cuts, by their length.

Cuts that are found in the videos are printed; those without a cut in the footage are wrong. Each shot is then played
forward and back at about 30 frames per second, by itself and as seen by a camera that shakes, pans or zooms. One shot
has no cut then, and two that are unlike and dissolve into each other have one, in the second half of the dissolve or
within half a second after it.
"""

import sys
from collections import deque
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from tar_core.runtime.streaming import frame_step
from tar_core.video.cuts import (
    DISSOLVE_LENGTHS,
    MAX_LIKENESS,
    THUMBNAIL_HEIGHT,
    THUMBNAIL_WIDTH,
    ends_dissolve,
    likeness,
    mark_cuts,
    thumbnail,
)
from tar_core.video.reader import VideoReader

SECONDS = (0.3, 0.5, 0.7, 1.0, 1.5)
FPS, PAIRS = 30, 40
AROUND = 45  # frames before and after a dissolve
ALONE = 200  # frames of a single shot
SCALE = 4  # of the kept images to the thumbnails
SMALLEST = 12  # frames of a shot that is used
CAMERAS = ("still", "shaking", "slow pan", "fast pan", "zoom")


def small_shots(video: str) -> list[np.ndarray]:
    """Small gray images [N, 144, 256] uint8 of each shot of a video, at about 30 frames per second."""
    reader = VideoReader(video)
    size = SCALE * THUMBNAIL_WIDTH, SCALE * THUMBNAIL_HEIGHT
    shots: list[list[np.ndarray]] = []
    firsts = []
    for frame, is_first in mark_cuts(reader.frames()):
        if is_first or not shots:
            shots.append([])
            firsts.append(frame.index)
        if frame.index % frame_step(reader.fps) == 0:
            sample = frame.picture.sample(SCALE * THUMBNAIL_WIDTH, SCALE * THUMBNAIL_HEIGHT)
            shots[-1].append(cv2.resize(sample, size, interpolation=cv2.INTER_AREA))
    if firsts[1:]:
        print(f"{video}: cuts at {firsts[1:]}")
    return [np.stack(shot) for shot in shots if len(shot) >= SMALLEST]


def forward_and_back(shot: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
    """`length` images of a shot that begins anywhere and turns back at its ends."""
    last = len(shot) - 1
    numbers = (random.integers(2 * last) + np.arange(length)) % (2 * last)
    return shot[np.minimum(numbers, 2 * last - numbers)]


def seen_by(camera: str, shot: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """Thumbnails [36, 64] of a shot, as seen by one of `CAMERAS`."""
    times = np.arange(len(shot)) - len(shot) / 2
    across = down = np.zeros(len(shot))  # -1..1, from one side of the picture to the other
    share = np.full(len(shot), 1.0)  # of the sides of the picture
    if camera == "shaking":
        across, down = np.cumsum(random.normal(0, 0.03, (2, len(shot))), 1)
        share = np.full(len(shot), 0.85)
    elif camera == "slow pan":
        across, share = random.choice([-1, 1]) * random.uniform(0.01, 0.02) * times, np.full(len(shot), 0.7)
    elif camera == "fast pan":
        across, share = np.sin(random.choice([-1, 1]) * random.uniform(0.03, 0.06) * times), np.full(len(shot), 0.6)
    elif camera == "zoom":
        share = np.clip(0.6 * np.exp(random.choice([-1, 1]) * random.uniform(0.003, 0.01) * times), 0.3, 1)
    return [
        _window(*arguments) for arguments in zip(shot, np.clip(across, -1, 1), np.clip(down, -1, 1), share, strict=True)
    ]


def _window(image: np.ndarray, across: float, down: float, share: float) -> np.ndarray:
    size = np.array([THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT])
    corner = SCALE * size * (1 - share) / 2 * (1 + np.array([across, down]))
    zoom = 2 / (SCALE * share)  # twice the size of the thumbnail
    matrix = np.array([[zoom, 0, -zoom * corner[0]], [0, zoom, -zoom * corner[1]]])
    return cv2.resize(cv2.warpAffine(image, matrix, (2 * size).tolist()), size.tolist(), interpolation=cv2.INTER_AREA)


def dissolve(first: Sequence[np.ndarray], second: Sequence[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """All of the first clip, and all of the second one, mixed where they overlap by `length` frames."""
    yield from first[:-length]
    for k, (one, other) in enumerate(zip(first[-length:], second[:length], strict=True), 1):
        share = k / (length + 1)
        yield ((1 - share) * one + share * other).astype(np.uint8)
    yield from second[length:]


def cuts(images: Iterator[np.ndarray]) -> list[int]:
    """Numbers of the gray images at which a dissolve ends."""
    shot: deque[np.ndarray] = deque(maxlen=max(DISSOLVE_LENGTHS) + 1)
    found = []
    for number, image in enumerate(images):
        shot.append(_details(image))
        if ends_dissolve(shot, number):
            found.append(number)
            shot.clear()
    return found


def _details(image: np.ndarray) -> np.ndarray:
    return thumbnail(image[..., None].repeat(3, 2))


def found_dissolves(shots: Sequence[np.ndarray], cameras: Sequence[str], seconds: float) -> tuple[int, int]:
    """The number of dissolves of `PAIRS` that are found, and of other cuts."""
    random = np.random.default_rng(0)
    length = round(FPS * seconds)
    found = others = 0
    for _ in range(PAIRS):
        while True:
            first, second = (shots[k] for k in random.choice(len(shots), 2, replace=False))
            if likeness(*(_details(_window(shot[0], 0, 0, 1)) for shot in (first, second))) <= MAX_LIKENESS:
                break
        before, after = (
            seen_by(random.choice(cameras), forward_and_back(shot, AROUND + length, random), random)
            for shot in (first, second)
        )
        end = len(before)
        at = cuts(dissolve(before, after, length))
        is_right = [end - length / 2 <= cut <= end + FPS / 2 for cut in at]
        found += any(is_right)
        others += len(at) - any(is_right)
    return found, others


def wrong_cuts(shots: Sequence[np.ndarray], camera: str) -> int:
    """The number of cuts that are found in single shots."""
    random = np.random.default_rng(0)
    return sum(len(cuts(iter(seen_by(camera, forward_and_back(shot, ALONE, random), random)))) for shot in shots)


def main(videos: Sequence[str]) -> int:
    shots = [shot for video in videos for shot in small_shots(video)]
    print(f"found dissolves of {PAIRS}, and other cuts")
    print("| seconds | still | shaking, slow pan | fast pan, zoom |\n|---|---|---|---|")
    for seconds in SECONDS:
        found = [found_dissolves(shots, cameras, seconds) for cameras in (CAMERAS[:1], CAMERAS[1:3], CAMERAS[3:])]
        print(f"| {seconds} |", " | ".join(f"{number}, {others}" for number, others in found), "|", flush=True)
    wrong = {camera: wrong_cuts(shots, camera) for camera in CAMERAS}
    print(f"cuts found in {len(shots)} single shots of {ALONE} frames: {wrong}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
