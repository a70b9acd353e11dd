"""The error of captured distances against the expected error of the joints, and how long it lasts.

    python -m benchmarks.bench_world --capture=--raw --output out/raw_world      captures the videos
    python -m benchmarks.distance_errors out/raw_world

The error of a frame is the log of the ratio of the captured to the true distance of the pelvis from the camera,
relative to the median over the person's frames, since a constant error of the size or the focal length does not make
people jump. The motion must be raw: the clean-up removes what is measured here.
"""

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.bench_world import DATA, make_studio, read_captures
from benchmarks.world.people import captured_people, match_people, true_people
from benchmarks.world.truth import Truth
from scripts.paths import CACHE
from tar_core.body.data import BodyData, load_body
from tar_core.camera.placement import WorldPlacement
from tar_core.errors import TarError
from tar_core.motion import MotionClip

BINS = 8
LAGS = (1, 3, 9, 20)  # frames at 30 fps
MIN_FRAMES = 40


def distance_errors(clip: MotionClip, truth: Truth, body: BodyData) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each true person with a match: errors [M] of the log distance, and mean expected joint errors [M], meters."""
    true = true_people(truth, body)
    captured = captured_people(clip.with_focal_length(truth.focal_length), WorldPlacement.level(), body)
    pairs = []
    for person, match in zip(true, match_people(true, captured, truth.size), strict=True):
        errors, expected = [], []
        for frame in np.flatnonzero(match >= 0):
            other, motion = captured[match[frame]], clip.people[match[frame]]
            row = frame - int(other.frames[0])
            ratio = np.linalg.norm(other.in_camera[row, 0]) / np.linalg.norm(person.in_camera[frame, 0])
            errors.append(np.log(ratio))
            expected.append(motion.joint_errors[row, 1:].mean())
        if len(errors) >= MIN_FRAMES:
            pairs.append((np.array(errors) - np.median(errors), np.array(expected)))
    return pairs


def main() -> int:
    parser = argparse.ArgumentParser(description="measure the errors of captured distances")
    parser.add_argument("motions", type=Path, help="folder with raw motion files of bench_world")
    folder = parser.parse_args().motions
    try:
        body = load_body()
        captures = read_captures(folder, make_studio(DATA, CACHE))
        pairs = [pair for clip, truth in captures for pair in distance_errors(clip, truth, body)]
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    errors, expected = (np.concatenate(column) for column in zip(*pairs, strict=True))
    print("expected error of the joints, m    error of the distance, %: rms, median")
    edges = np.quantile(expected, np.linspace(0, 1, BINS + 1))
    for low, high in pairwise(edges):
        inside = 100 * np.abs(errors[(expected >= low) & (expected <= high)])
        print(f"{low:.3f} to {high:.3f}{'':21}{np.sqrt((inside**2).mean()):5.1f}{np.median(inside):7.1f}")
    for lag in LAGS:
        shared = [np.mean(error[lag:] * error[:-lag]) / np.mean(error**2) for error, _ in pairs]
        print(f"autocorrelation after {lag / 30:.2f} s: {np.median(shared):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
