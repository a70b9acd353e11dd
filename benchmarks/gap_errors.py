"""How well gaps are filled: frames of captured people are hidden, and the clean-up is compared with the truth.

    python -m benchmarks.bench_world --capture=--raw --output out/raw_world      captures the videos
    python -m benchmarks.gap_errors out/raw_world

In each person of each video, a gap in the middle is interpolated as capture does it. `seen` is the clean-up of all
frames, `interpolated` that of the gap as it is, and `filled` that of the gap as a gap, which the clean-up fills if the
person walks (tar_core/cleanup/walk_cycles.py). PA-MPJPE in mm and sliding in mm per frame are those of the frames of
the gap, as bench_world defines them. Only people whose gap is filled count; their number is printed.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.bench_world import DATA, make_studio, read_captures
from benchmarks.world.people import captured_people, match_people, true_people
from benchmarks.world.scoring import contacts
from benchmarks.world.truth import Truth
from scripts.paths import CACHE
from tar_core.body.data import BodyData, load_body
from tar_core.capture.track import interpolate_linearly, interpolate_poses
from tar_core.cleanup.pipeline import clean_up
from tar_core.cleanup.walk_cycles import fill_walks
from tar_core.errors import TarError
from tar_core.evaluation.metrics import pa_mpjpe
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import CleanupOptions

GAPS = (0.5, 1.0, 1.6)  # seconds
MIN_AROUND = 0.7  # seconds that a person is captured on each side of the gap
SEEN = 1e-6  # a confidence that is not 0, so that the frame is no gap, and as little trusted by the clean-up

Errors = list[tuple[float, float]]  # PA-MPJPE and sliding of people


def with_gap(person: PersonMotion, first: int, end: int) -> PersonMotion:
    """Hide the frames in rows `first` to `end` (exclusive), and interpolate them as capture does."""
    rows = np.arange(len(person))
    seen = np.delete(rows, np.s_[first:end])
    linear = {
        name: interpolate_linearly(rows, seen, getattr(person, name)[seen])
        for name in ("trans", "boxes", "joint_errors")
    }
    confidence = np.where(np.isin(rows, seen), person.confidence, 0)
    return replace(person, poses=interpolate_poses(rows, seen, person.poses[seen]), confidence=confidence, **linear)


def errors_in_gaps(clip: MotionClip, truth: Truth, seconds: float, body: BodyData) -> dict[str, Errors]:
    """The errors of the people of a clip whose gap is filled: seen, interpolated and filled."""
    count = round(seconds * clip.fps)
    firsts = [(len(person) - count) // 2 for person in clip.people]
    chosen = [
        k
        for k, (person, first) in enumerate(zip(clip.people, firsts, strict=True))
        if first >= MIN_AROUND * clip.fps and _is_filled(with_gap(person, first, first + count), first, clip)
    ]
    if not chosen:
        return {}
    hidden = [
        with_gap(person, first, first + count) if k in chosen else person
        for k, (person, first) in enumerate(zip(clip.people, firsts, strict=True))
    ]
    versions = {
        "seen": clip.people,
        "interpolated": [replace(person, confidence=person.confidence.clip(SEEN, None)) for person in hidden],
        "filled": hidden,
    }
    true = true_people(truth, body)
    errors: dict[str, Errors] = {}
    matches: np.ndarray | None = None
    for name, people in versions.items():
        clean = clean_up(replace(clip, people=list(people)), body, CleanupOptions(), on_ground=True)
        captured = captured_people(clean.clip, clean.placement, body)
        matches = match_people(true, captured, truth.size) if matches is None else matches
        for k in chosen:
            frames = clip.people[k].frames[firsts[k] : firsts[k] + count]
            owner = int((matches[:, frames] == k).sum(1).argmax())
            rows, target = frames - int(clip.people[k].frames[0]), true[owner]
            contact = contacts(target.soles[frames], clip.fps)
            moved = np.linalg.norm(np.diff(captured[k].soles[rows], axis=0), axis=-1)[contact]
            pa = pa_mpjpe(captured[k].in_camera[rows], target.in_camera[frames])
            errors.setdefault(name, []).append((float(pa.mean()), 1000 * float(moved.mean()) if len(moved) else np.nan))
    return errors


def _is_filled(person: PersonMotion, row: int, clip: MotionClip) -> bool:
    """Whether the clean-up fills the gap that begins in a row."""
    return not np.array_equal(fill_walks(person, clip.fps, clip.width).poses[row], person.poses[row])


def main() -> int:
    parser = argparse.ArgumentParser(description="measure how well gaps in walking are filled")
    parser.add_argument("motions", type=Path, help="folder with raw motion files of bench_world")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with motion and body (default: shared/data)")
    options = parser.parse_args()
    try:
        body = load_body()
        captures = list(read_captures(options.motions, make_studio(options.data, CACHE)))
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("gap       people   PA-MPJPE: seen, interpolated, filled      sliding: seen, interpolated, filled")
    for seconds in GAPS:
        pooled: dict[str, Errors] = {}
        for clip, truth in captures:
            for name, values in errors_in_gaps(clip, truth, seconds, body).items():
                pooled.setdefault(name, []).extend(values)
        means = np.array([np.nanmean(values, axis=0) for values in pooled.values()]).T
        people = len(next(iter(pooled.values()), []))
        columns = ["".join(f"{value:9.1f}" for value in row) for row in means]
        print(f"{seconds:.1f} s {people:9}{'':9}" + f"{'':12}".join(columns), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
