"""`make bench-views`: accuracy of people who are captured by several cameras, whose clips are combined.

The clips of bench_real with several cameras (a man on a beam; a man in a T-pose) are captured as there. All pairs of
cameras, and all cameras together, are combined without their calibration (tar_core/views). Each other camera's clip is
made to start later by some frames, which have to be found. The combined motion, in the frame of its first camera, is
scored against the ground truth: MPJPE (hips aligned), PA-MPJPE and ACCEL, as in bench_real. Errors of the cameras:
rotation in degrees, position as a fraction of the distance of the two cameras, and the start in frames.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.bench_clips import REFERENCES, capture_clip, matching_person, print_row, project_keypoints, score
from benchmarks.camera_joints import SMPL_KEYPOINTS, camera_frame_joints
from scripts.fetch.real_clips import CLIPS, RealClip
from scripts.paths import REPOSITORY
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.cleanup.pipeline import clean_up
from tar_core.cleanup.resampling import select_frames
from tar_core.errors import TarError
from tar_core.motion import MotionClip
from tar_core.options import CleanupOptions
from tar_core.rotations import align_vectors
from tar_core.views.combine import combine_views

LATE = (2, 5, 3)  # frames by which the further cameras start later

Row = dict[str, float]


@dataclass(frozen=True)
class Camera:
    """A camera's clip and ground truth.

    Attributes:
        number: of the camera.
        clip: the captured clip.
        person_id: of the person whom the ground truth shows.
        target: [T, 12, 3] keypoints in the camera frame, meters.
    """

    number: int
    clip: MotionClip
    person_id: int
    target: np.ndarray


def cameras_of(clip: RealClip, folder: Path) -> list[Camera]:
    """Capture all cameras of a clip, unless the folder has their motion files.

    Raises:
        TarError: nobody was found in a video.
    """
    cameras = []
    with np.load(REFERENCES / f"{clip.reference}.npz") as reference:
        for number in clip.cameras:
            path: Path | None = folder / f"{clip.name}_cam{number:02d}.npz"
            if path is None or not path.is_file():
                path = capture_clip(clip, number, folder, None)
            if path is None:
                raise TarError(f"{clip.name}, camera {number}: nobody was found")
            target = reference[f"cam{number:02d}/keypoints"].astype(float)
            captured = MotionClip.load(path)
            pixels = project_keypoints(target, reference[f"cam{number:02d}/intrinsics"])
            person = matching_person(captured, pixels[: len(pixels) - clip.delay], clip.delay)
            cameras.append(Camera(number, started_later(captured, clip.delay), person.person_id, target))
    return cameras


def started_later(clip: MotionClip, frames: int) -> MotionClip:
    """The clip of a video without its first frames."""
    people = []
    for person in clip.people:
        if person.frames[-1] < frames:
            continue
        cut = select_frames(person, slice(max(0, frames - int(person.frames[0])), None))
        people.append(replace(cut, frames=cut.frames - frames))
    return replace(clip, people=people)


def true_transform(first: Camera, other: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Rotation and translation from the other camera's frame to the first one's, from the ground truth."""
    theirs, ours = other.target.reshape(-1, 3), first.target.reshape(-1, 3)
    rotation = align_vectors(theirs - theirs.mean(0), ours - ours.mean(0), np.ones(len(ours)))
    return rotation, ours.mean(0) - rotation @ theirs.mean(0)


def measure(cameras: Sequence[Camera], fps: float, cleanup: CleanupOptions | None) -> tuple[Row, list[Row]]:
    """Combine cameras and compare with the truth: the errors of the motion, and those of each further camera."""
    body, first = load_body(), cameras[0]
    late = [0, *LATE]
    clips = [started_later(camera.clip, frames) for camera, frames in zip(cameras, late, strict=False)]
    stands_still = len(first.target) < fps  # so that nothing tells the time
    combined, reports = combine_views(
        clips, body, [frames / fps for frames in late[1 : len(cameras)]] if stands_still else ()
    )
    joints = joints_of(combined, first, cleanup)
    found = []
    for camera, frames, report in zip(cameras[1:], LATE, reports, strict=False):
        rotation, position = true_transform(first, camera)
        cosine = (np.trace(rotation.T @ report.registration.rotation) - 1) / 2
        found.append(
            {
                "rotation": float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))),
                "position": float(
                    np.linalg.norm(position - report.registration.translation) / np.linalg.norm(position)
                ),
                "start": abs(report.delay * fps - frames),
                "likeness": report.likeness,
            }
        )
    return score(joints, first.target, fps), found


def joints_of(clip: MotionClip, camera: Camera, cleanup: CleanupOptions | None) -> np.ndarray:
    """The keypoints [T, 12, 3] of the camera's person, after the clean-up if there is one."""
    body = load_body()
    if cleanup is not None:
        clip = clean_up(clip, body, cleanup).clip
    (person,) = [person for person in clip.people if person.person_id == camera.person_id]
    return camera_frame_joints(person, BodyModel(body), len(camera.target))[:, SMPL_KEYPOINTS]


def mean(rows: Sequence[Mapping[str, float]]) -> Row:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the accuracy of combined cameras.")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "out" / "bench_views", help="folder for the clips")
    parser.add_argument("--cleanup", action="store_true", help="clean up the combined motion")
    options = parser.parse_args()
    cleanup = CleanupOptions() if options.cleanup else None
    figures = {}
    try:
        for clip in CLIPS:
            if clip.reference is None or len(clip.cameras) < 2:
                continue
            cameras = cameras_of(clip, options.output.resolve())
            with np.load(REFERENCES / f"{clip.reference}.npz") as reference:
                fps = float(reference["fps"])
            figures[clip.name] = measure_clip(clip, cameras, fps, cleanup)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("FIGURE_VIEWS " + " ".join(f"{name}/{key}={row[key]:.1f}" for name, row in figures.items() for key in row))
    return 0


def measure_clip(clip: RealClip, cameras: list[Camera], fps: float, cleanup: CleanupOptions | None) -> Row:
    """Print the tables of a clip; returns its means."""
    print(f"\n{clip.split} {clip.name:28s} {'MPJPE':>8s} {'PA-MPJPE':>9s} {'ACCEL':>7s} {'missed':>7s}")
    singles = []
    for camera in cameras:
        singles.append(score(joints_of(camera.clip, camera, cleanup), camera.target, fps))
    print_row("one camera, mean", mean(singles))
    pairs, found = [], []
    for pair in combinations(cameras, 2):
        row, errors = measure(pair, fps, cleanup)
        pairs.append(row)
        found += errors
        print_row("cameras " + ", ".join(str(camera.number) for camera in pair), row)
    print_row("two cameras, mean", mean(pairs))
    together, _ = measure(cameras, fps, cleanup)
    print_row("all cameras", together)
    errors = mean(found)
    print(
        f"  cameras: rotation {errors['rotation']:.1f} degrees, position {100 * errors['position']:.1f} %, "
        f"start {errors['start']:.1f} frames, likeness {errors['likeness']:.2f}"
    )
    return {
        "one_pa": mean(singles)["pa"],
        "two_pa": mean(pairs)["pa"],
        "all_pa": together["pa"],
        "one_mpjpe": mean(singles)["mpjpe"],
        "two_mpjpe": mean(pairs)["mpjpe"],
        "all_mpjpe": together["mpjpe"],
    }


if __name__ == "__main__":
    sys.exit(main())
