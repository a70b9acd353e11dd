"""Contact sheets of combined cameras: the picture, and the skeletons from the side and from above.

    python -m benchmarks.view_sheets --views CLIPS OUT.jpg

CLIPS is the output folder of bench_views. Black is the ground truth, orange the motion that camera 1 alone gives, blue
that of cameras 1 and 3 together. All are aligned at the hips, without clean-up.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.bench_views import cameras_of, joints_of
from benchmarks.camera_joints import HIPS, KEYPOINTS
from scripts.contact_sheet import contact_sheet
from scripts.fetch.real_clips import fetch_video, find_clip
from tar_core.body.data import load_body
from tar_core.camera.crop import Crop
from tar_core.video.reader import VideoReader
from tar_core.views.combine import combine_views

TRUTH, ONE, TWO = (0, 0, 0), (230, 120, 20), (30, 90, 220)
SIZE, REACH = 360, 1.2  # pixels of a drawing, and meters from its center to its edges
FRAMES = (10, 30, 50, 70, 90)
BONES = [
    tuple(KEYPOINTS.index(f"{side}_{part}") for part in parts)
    for side in ("left", "right")
    for parts in (("shoulder", "elbow"), ("elbow", "wrist"), ("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"))
] + [tuple(KEYPOINTS.index(f"{side}_{part}") for side in ("left", "right")) for part in ("shoulder", "hip")]


def draw(skeletons: Sequence[tuple[np.ndarray, tuple[int, int, int]]], axes: tuple[int, int]) -> np.ndarray:
    """Draw skeletons [12, 3] with their colors, seen along one axis of the camera frame."""
    image = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for points, color in skeletons:
        pixels = (points[:, axes] / REACH + 1) * SIZE / 2
        for first, last in BONES:
            ends = [tuple(int(value) for value in pixels[k]) for k in (first, last)]
            cv2.line(image, ends[0], ends[1], color, 3, cv2.LINE_AA)
    return image


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw contact sheets of combined cameras.")
    parser.add_argument("--views", type=Path, required=True, help="output folder of bench_views")
    parser.add_argument("output", type=Path, help="image to write")
    options = parser.parse_args()
    clip = find_clip("balance")
    cameras = cameras_of(clip, options.views)
    first, other = cameras[0], cameras[2]
    combined, _ = combine_views([first.clip, other.clip], load_body())
    poses = [
        (joints - joints[:, HIPS].mean(1, keepdims=True), color)
        for joints, color in (
            (first.target, TRUTH),
            (joints_of(first.clip, first, None), ONE),
            (joints_of(combined, first, None), TWO),
        )
    ]
    (person,) = [person for person in first.clip.people if person.person_id == first.person_id]
    pictures = {}
    for frame in VideoReader(fetch_video(clip, first.number)).frames(0, FRAMES[-1]):
        if frame.index in FRAMES:
            row = frame.index - int(person.frames[0])
            left, top, right, bottom = map(float, person.boxes[row])
            size = 1.2 * max(right - left, bottom - top)
            pictures[frame.index] = Crop((left + right) / 2, (top + bottom) / 2, size, 0.0, SIZE).cut(frame.image)
    rows = [("camera 1", [pictures[frame] for frame in FRAMES])]
    for name, axes in (("from the front", (0, 1)), ("from the side", (2, 1)), ("from above", (0, 2))):
        rows.append((name, [draw([(points[frame], color) for points, color in poses], axes) for frame in FRAMES]))
    sheet = contact_sheet(rows, [f"frame {frame}" for frame in FRAMES])
    cv2.imwrite(str(options.output), sheet[..., ::-1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
