"""`make bench-wrists`: rotations of hands and heads in rendered videos of people who gesture, with known truth.

    python -m benchmarks.bench_wrists [--count 8] [--kind test]

Each video (benchmarks/world/gestures.py) is captured without and with the options for hands and faces. The rotations of
wrists and heads in the camera are compared with the true ones: in all frames, and in those in which the hand or the
face was seen. `tune` videos may be used during development, `test` videos may not. It needs the garments of shared/data
beside the repository, and EGL to render.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.bench_world import DATA, capture, make_studio
from benchmarks.rotation_errors import degrees_between
from benchmarks.world.gestures import gesture_recipes
from benchmarks.world.rendering import Studio
from benchmarks.world.scenes import Recipe
from benchmarks.world.truth import Truth
from scripts.paths import CACHE, REPOSITORY
from tar_core.arguments import positive_int
from tar_core.body.data import load_body
from tar_core.body.wrists import ForearmAxes
from tar_core.capture.track import rest_joints_with_fingers
from tar_core.errors import TarError
from tar_core.hands.skeleton import SIDES
from tar_core.hands.wrist import SeenPalms, turn_wrist
from tar_core.motion import MotionClip
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, global_rotations

WRISTS = [JOINT_NAMES.index(f"{side}_wrist") for side in SIDES]
HEAD = JOINT_NAMES.index("head")
SEEN = 0.5  # confidence of a hand or a face that counts as seen
VERSIONS = {"body network": ("--raw",), "with palm or face": ("--raw", "--fingers", "--face")}


@dataclass(frozen=True)
class Errors:
    """Of a joint in N frames.

    Attributes:
        before, after: [N] angles from the truth, of the body network and with what was seen, degrees.
        seen: [N] whether the hand or the face was seen.
        steps: [3] mean rotation from frame to frame in the truth, before and after, degrees.
    """

    before: np.ndarray
    after: np.ndarray
    seen: np.ndarray
    steps: np.ndarray


def rotations_in_camera(clip: MotionClip) -> np.ndarray:
    """Rotations [N, 24, 3, 3] of the joints of the first person of a clip in the camera of each frame."""
    person = clip.people[0]
    local = axis_angle_to_matrix(person.poses.reshape(-1, NUM_JOINTS, 3).astype(np.float64))
    return np.asarray(clip.camera_rotations(person.frames)[:, None] @ global_rotations(local))


def true_rotations(truth: Truth, frames: np.ndarray) -> np.ndarray:
    """The same for the first person of the truth."""
    local = global_rotations(axis_angle_to_matrix(truth.poses[0, frames]))
    return np.asarray(truth.rotations[frames, None] @ local)


def compare(before: MotionClip, after: MotionClip, truth: Truth) -> dict[str, list[Errors]]:
    """The errors of both wrists and of the head."""
    person = after.people[0]
    assert person.hand_confidence is not None and person.face_confidence is not None
    true = true_rotations(truth, person.frames)
    found = [rotations_in_camera(clip) for clip in (before, after)]

    def errors(joint: int, confidence: np.ndarray) -> Errors:
        steps = [degrees_between(turns[1:, joint], turns[:-1, joint]).mean() for turns in (true, *found)]
        first, second = (degrees_between(turns[:, joint], true[:, joint]) for turns in found)
        return Errors(first, second, confidence >= SEEN, np.array(steps))

    wrists = [errors(joint, person.hand_confidence[:, side]) for side, joint in enumerate(WRISTS)]
    return {"wrist": wrists, "head": [errors(HEAD, person.face_confidence)]}


def capture_both(video: Path, output: Path, recipe: Recipe) -> tuple[MotionClip, MotionClip]:
    """The clips without and with hands and faces."""
    clips = []
    for number, arguments in enumerate(VERSIONS.values()):
        clip = capture(video, output / f"{recipe.name}-{number}.npz", arguments)
        if clip is None:
            raise TarError(f"{video}: nobody was found")
        clips.append(clip)
    return clips[0], clips[1]


def milliseconds_per_frame(clip: MotionClip) -> float:
    """Time in which one wrist is turned, per frame of a clip; the median of five."""
    person, axes = clip.people[0], ForearmAxes.of_body("left", rest_joints_with_fingers(load_body(), np.zeros(10)))
    rows = np.arange(0, len(person), 2)
    palms = SeenPalms(rows, rotations_in_camera(clip)[rows, WRISTS[0]], np.full(len(rows), 10.0))
    poses = person.poses.reshape(-1, NUM_JOINTS, 3)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        turn_wrist(poses, 0, axes, palms, clip.fps)
        seconds.append(time.perf_counter() - start)
    return 1000 * float(np.median(seconds)) / len(person)


def report(pooled: dict[str, list[Errors]], milliseconds: float) -> None:
    """Print a table of the errors, and the figures."""
    print("degrees; mean (median)    body network   with palm or face   rotation per frame: true, before, after")
    figures = {}
    for part, errors in pooled.items():
        before, after, seen = (
            np.concatenate([getattr(e, name) for e in errors]) for name in ("before", "after", "seen")
        )
        steps = np.mean([e.steps for e in errors], 0)
        for name, rows in ((f"all {len(seen)} frames", seen | True), (f"seen, {seen.mean():.0%}", seen)):
            if not rows.any():
                continue
            cells = "".join(f"  {v[rows].mean():6.1f} ({np.median(v[rows]):4.1f})   " for v in (before, after))
            print(f"{part:6} {name:16} {cells}" + (f"   {steps.round(1)}" if rows.all() else ""))
        for name, values in (("before", before), ("after", after)):
            figures[f"{part}_{name}"] = values[seen].mean() if seen.any() else np.nan
    text = " ".join(f"{name}_deg={value:.1f}" for name, value in figures.items())
    print(f"FIGURE_WRISTS {text} ms_per_frame={milliseconds:.2f}")


def run(studio: Studio, chosen: Sequence[Recipe], output: Path) -> None:
    """Capture and compare the videos, with a line for each."""
    output.mkdir(parents=True, exist_ok=True)
    pooled: dict[str, list[Errors]] = {"wrist": [], "head": []}
    for recipe in chosen:
        video, truth = studio.video(recipe)
        before, after = capture_both(video, output, recipe)
        found = compare(before, after, truth)
        for part, errors in found.items():
            pooled[part] += errors
        means = {
            part: [np.mean(np.concatenate([getattr(e, name) for e in errors])) for name in ("before", "after")]
            for part, errors in found.items()
        }
        print(
            f"{recipe.name:20}" + "".join(f"  {part} {a:5.1f} -> {b:5.1f}" for part, (a, b) in means.items()),
            flush=True,
        )
    report(pooled, milliseconds_per_frame(after))


def main() -> int:
    parser = argparse.ArgumentParser(description="measure the rotation of hands and heads on rendered videos")
    parser.add_argument("--count", type=positive_int, default=8, help="number of videos (default: 8)")
    parser.add_argument("--kind", choices=("tune", "test"), default="test", help="which videos (default: test)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with motion and body (default: shared/data)")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "bench_wrists", help="folder for the clips")
    options = parser.parse_args()
    try:
        studio = make_studio(options.data, CACHE, with_recordings=False)
        studio = replace(studio, recordings={}, cache=CACHE / "bench_gestures")
        run(studio, gesture_recipes(options.count, options.kind), options.output.resolve())
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
