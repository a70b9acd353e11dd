"""What smoothing does to captured poses with known truth, for each strength.

    python -m benchmarks.bench_world --capture=--raw --output out/raw_world      captures the videos
    python -m benchmarks.smoothing_errors out/raw_world

Only poses count: joints are relative to the pelvis. The same smoothing is also applied to the true motion, with the
expected errors of the captured one, to show what it takes away from motion without errors. Hits are peaks of the speed
of hands and feet (motion_measures.py).
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.bench_world import DATA, make_studio, read_captures
from benchmarks.motion_measures import hit_errors, joint_positions, share_within
from benchmarks.world.people import captured_people, match_people, true_people
from benchmarks.world.truth import Truth
from scripts.paths import CACHE
from tar_core.body.data import BodyData, load_body
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.kinematics import jitter
from tar_core.cleanup.resampling import select_frames
from tar_core.cleanup.smoothing import smooth_person
from tar_core.errors import TarError
from tar_core.evaluation.metrics import mpjpe, pa_mpjpe
from tar_core.filters import true_runs
from tar_core.motion import MotionClip, PersonMotion

STRENGTHS = (0.0, 0.1, 0.3, 0.6, 1.0)
MIN_FRAMES = 40


@dataclass(frozen=True)
class Take:
    """Consecutive frames of a captured person, and the true motion in the same frames.

    Attributes:
        captured: as captured.
        truth: the true poses and shape, otherwise as captured.
        joints: [N, 24, 3] true joints in each frame's camera, relative to the pelvis, meters.
    """

    captured: PersonMotion
    truth: PersonMotion
    joints: np.ndarray
    fps: float


@dataclass
class Errors:
    """Values of frames, and errors of hits in frames."""

    pa: list[np.ndarray] = field(default_factory=list)
    mpjpe: list[np.ndarray] = field(default_factory=list)
    jitter: list[np.ndarray] = field(default_factory=list)
    acceleration: list[np.ndarray] = field(default_factory=list)
    hits: list[int] = field(default_factory=list)

    def add(self, person: PersonMotion, take: Take, body: BodyData) -> None:
        joints = joint_positions(person, body)
        joints = joints - joints[:, :1]
        self.pa.append(pa_mpjpe(joints, take.joints))
        self.mpjpe.append(mpjpe(joints, take.joints, [0]))
        self.jitter.append(jitter(joints, take.fps))
        difference = np.diff(joints - take.joints, n=2, axis=0)
        self.acceleration.append(1000 * np.linalg.norm(difference, axis=-1).mean(1))
        self.hits += hit_errors(joints, take.joints)

    def __str__(self) -> str:
        columns = (self.pa, self.mpjpe, self.jitter, self.acceleration)
        means = "".join(f"{np.concatenate(values).mean():9.1f}" for values in columns)
        return f"{means}{share_within(self.hits, 1):8.0%}"


def takes(clip: MotionClip, truth: Truth, body: BodyData) -> Iterator[Take]:
    """The runs of frames in which a true person is matched with the same captured person."""
    true, captured = true_people(truth, body), captured_people(clip, WorldPlacement.level(), body)
    for person, match in enumerate(match_people(true, captured, truth.size)):
        joints = true[person].in_camera - true[person].in_camera[:, :1]
        for other in np.unique(match[match >= 0]):
            for first, end in true_runs(match == other, MIN_FRAMES):
                rows = slice(first - int(clip.people[other].frames[0]), end - int(clip.people[other].frames[0]))
                motion = select_frames(clip.people[other], rows)
                poses = truth.poses[person][first:end].reshape(end - first, -1)
                true_motion = replace(motion, poses=poses, betas=truth.betas[person])
                yield Take(motion, true_motion, joints[first:end], clip.fps)


def measure(found: Sequence[Take], strength: float, body: BodyData) -> str:
    """The row of the table for a strength."""
    captured, smooth_truth = Errors(), Errors()
    for take in found:
        captured.add(smooth_person(take.captured, take.fps, strength), take, body)
        joints = joint_positions(take.truth, body)
        own = replace(take, joints=joints - joints[:, :1])  # in the axes of the world
        smooth_truth.add(smooth_person(take.truth, take.fps, strength), own, body)
    return f"{strength:8g}{captured}{np.concatenate(smooth_truth.acceleration).mean():20.1f}" + (
        f"{share_within(smooth_truth.hits, 1):8.0%}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="measure what smoothing does to captured poses")
    parser.add_argument("motions", type=Path, help="folder with raw motion files of bench_world")
    folder = parser.parse_args().motions
    try:
        body = load_body()
        captures = read_captures(folder, make_studio(DATA, CACHE))
        found = [take for clip, truth in captures for take in takes(clip, truth, body)]
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    true_jitter = np.concatenate([jitter(take.joints, take.fps) for take in found]).mean()
    print(f"{sum(len(take.joints) for take in found)} frames; true jitter {true_jitter:.1f}")
    print("strength       pa    mpjpe   jitter    accel    hits    true motion: accel    hits")
    for strength in STRENGTHS:
        print(measure(found, strength, body), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
