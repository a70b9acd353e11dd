"""`make bench-motion`: the clean-up on motion with known truth, and on a captured clip.

Recordings (benchmarks/recordings.py) are seen by random static cameras (tar_core/synthetic/scene.py: pitch, roll,
height and lens are random) and get errors like the network's. Then the motion is smoothed at the default strength and
feet are locked. benchmarks/motion_measures.py defines the measures. The floor is found in the cleaned motion, as on
import (tar_core/cleanup/ground_plane.py), and compared with the camera's true pose. With `--moving-camera` the cameras
move sideways, along known trajectories.

Outliers are added to the recordings too, to count how many of them are repaired (benchmarks/motion_outliers.py).
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.foot_plot import draw_feet
from benchmarks.motion_measures import Measures, hit_errors, joint_positions, measure, share_within
from benchmarks.motion_outliers import print_outliers
from benchmarks.recordings import dolly, in_camera, place_on_floor, read_recordings, sitting_down, with_errors
from scripts.paths import REPOSITORY
from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, to_world_frame
from tar_core.cleanup.contact_locking import lock_contacts
from tar_core.cleanup.foot_contacts import foot_contacts
from tar_core.cleanup.foot_locking import lock_feet
from tar_core.cleanup.smoothing import smooth_person
from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import pose_skeleton
from tar_core.synthetic.motions import FPS, Motion
from tar_core.synthetic.scene import Camera, sample_camera

MOTIONS = REPOSITORY.parent / "shared" / "data" / "motion"
KINDS = ("walk", "run", "jump", "sit_down", "dance_spin", "crawl")
EXTRA_KINDS = ("getup",)  # measured too, but not part of the figures
CAMERAS = 24  # for each recording
SMOOTHING = 0.3  # the default strength
HEADER = (
    f"{'':12}{'sliding, mm/frame: true':>26}{'before':>8}{'after':>7}{'root error, mm: before':>24}{'after':>7}"
    f"{'% of path':>10}{'acceleration: before':>22}{'after':>7}{'hits +-1':>10}"
    f"{'tilt: level camera':>21}{'found':>7}{'height, %':>11}"
)


@dataclass
class Results:
    """Measures of clips, and by how many frames their hits are shifted as captured and after the clean-up."""

    measures: list[Measures] = field(default_factory=list)
    hits_before: list[int] = field(default_factory=list)
    hits_after: list[int] = field(default_factory=list)

    def add(self, other: "Results") -> None:
        self.measures += other.measures
        self.hits_before += other.hits_before
        self.hits_after += other.hits_after


@dataclass(frozen=True)
class Take:
    """A recording seen by a camera.

    Attributes:
        truth: the true motion in the frame of the camera's first pose.
        captured: the motion with errors.
    """

    camera: Camera
    trajectory: CameraTrajectory
    truth: PersonMotion
    captured: PersonMotion


def takes(
    motion: Motion,
    body: BodyData,
    random: np.random.Generator,
    trajectories: np.random.Generator | None,
) -> Iterator[Take]:
    """See a recording with random cameras, and add errors.

    Args:
        trajectories: random numbers of moving cameras' trajectories; None for static cameras.
    """
    rest = rest_joints(body, np.zeros(10))
    _, joints = pose_skeleton(motion.poses, rest)
    world = joints - rest[0] + motion.trans[:, None]
    for _ in range(CAMERAS):
        camera = sample_camera(random, world, truncate=False)
        truth = in_camera(motion, camera, body)
        if trajectories is None:
            trajectory = CameraTrajectory(0, np.zeros((len(motion), 3)))
        else:
            trajectory = dolly(trajectories, len(motion))
        seen = with_errors(to_camera_frame(truth, trajectory, rest[0]), random)
        yield Take(camera, trajectory, truth, to_world_frame(seen, trajectory, rest[0]))


def clean_and_measure(take: Take, name: str, body: BodyData) -> Results:
    """Smooth the captured motion, lock the feet, and compare with the truth."""
    positions = take.trajectory.positions
    smooth = smooth_person(take.captured, FPS, SMOOTHING, positions)
    contacts = foot_contacts(smooth, body, FPS, positions)
    locked = lock_feet(smooth, body, FPS, 1.0, positions, contacts=contacts)
    cleaned = lock_contacts(locked, body, FPS, np.pad(contacts, ((0, 0), (0, 2))), camera=positions)
    camera = take.camera
    clip = MotionClip(
        FPS,
        *camera.size,
        camera.focal_length,
        camera.principal_point,
        name,
        [locked],
        camera_trajectory=take.trajectory,
    )
    up = camera.rotation[:, 1]
    height = -float(camera.translation @ up)
    joints = [joint_positions(person, body) for person in (take.truth, take.captured, cleaned)]
    return Results(
        [measure(take.truth, take.captured, cleaned, clip, up, height, body)],
        hit_errors(joints[1], joints[0]),
        hit_errors(joints[2], joints[0]),
    )


def bench_recordings(recordings: list[Motion], body: BodyData, moving_camera: bool = False) -> Results:
    """Print a row of measures for each kind of motion; returns the results of all KINDS."""
    random = np.random.default_rng(0)
    trajectories = np.random.default_rng(1) if moving_camera else None
    placed = [
        place_on_floor(motion, body)
        for motion in recordings
        if any(kind in motion.name for kind in KINDS + EXTRA_KINDS)
    ]
    total = Results()
    print(HEADER)
    for kind in KINDS + EXTRA_KINDS:
        results = Results()
        for motion in placed:
            if kind in motion.name:
                for take in takes(motion, body, random, trajectories):
                    results.add(clean_and_measure(take, motion.name, body))
        if kind in KINDS:
            total.add(results)
        print_row(kind, Measures.summary(results.measures), share_within(results.hits_after, 1))
    return total


def print_row(kind: str, row: Measures, hits: float) -> None:
    print(
        f"{kind:12}{row.slide_true:26.1f}{row.slide_before:8.1f}{row.slide_after:7.1f}"
        f"{row.root_before:24.1f}{row.root_after:7.1f}{row.root_percent:10.1f}"
        f"{row.acceleration_before:22.1f}{row.acceleration_after:7.1f}{hits:10.0%}"
        f"{row.level_tilt:21.1f}{row.tilt:7.1f}{row.height:11.0f}"
    )


def print_figure(results: Results) -> None:
    mean = Measures.summary(results.measures)
    print(
        f"FIGURE tilt_deg={mean.tilt:.1f} tilt_level_deg={mean.level_tilt:.1f} height_percent={mean.height:.0f}"
        f" root_err={mean.root_percent:.1f} root_mm={mean.root_after:.1f} root_before_mm={mean.root_before:.1f}"
        f" slide_mm={mean.slide_after:.1f} slide_before_mm={mean.slide_before:.1f} slide_true_mm={mean.slide_true:.1f}"
        f" accel={mean.acceleration_after:.1f} accel_before={mean.acceleration_before:.1f}"
        f" hits_within_1={share_within(results.hits_after, 1):.2f}"
        f" hits_before={share_within(results.hits_before, 1):.2f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the clean-up on motion with known truth.")
    parser.add_argument("--motions", type=Path, default=MOTIONS, help="recordings, as for training")
    parser.add_argument("--moving-camera", action="store_true", help="cameras move along known trajectories")
    parser.add_argument("--clip", type=Path, help="a raw motion file whose feet are drawn, e.g. the demo's")
    parser.add_argument("--image", type=Path, default=REPOSITORY / "docs" / "images" / "foot_path.png")
    options = parser.parse_args()
    body = load_body()
    rest = rest_joints(body, np.zeros(10))
    try:
        if options.clip:
            draw_feet(MotionClip.load(options.clip), body, SMOOTHING, options.image)
        recordings = read_recordings(options.motions, rest)
        print_outliers(recordings, rest)
        results = bench_recordings([*recordings, sitting_down(rest)], body, options.moving_camera)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_figure(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
