"""Percentiles of recorded human motion, to which the thresholds of the plausibility report are fitted.

    python -m benchmarks.plausible_motion [--motions PATH]

Recordings (benchmarks/recordings.py) are placed on a floor and seen by four level cameras around the person. The
quantities are those of tar_core/cleanup/kinematics.py; tar_core/cleanup/plausibility.py has the thresholds.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.bench_motion import MOTIONS
from benchmarks.recordings import in_camera, place_on_floor, read_recordings
from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.placement import WorldPlacement
from tar_core.cleanup.contacts import surface_points
from tar_core.cleanup.kinematics import Kinematics, kinematics_of
from tar_core.cleanup.plausibility import (
    FLOATING_HEIGHT,
    GRAVITY,
    MAX_FALL_ERROR,
    MM_PER_FRAME,
    SUSTAINED,
    plausibility_of,
    sustained,
)
from tar_core.errors import TarError
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.synthetic.motions import FPS, Motion
from tar_core.synthetic.scene import Camera

PERCENTILES = (50, 95, 99, 99.9, 100)
AZIMUTHS = (0, 45, 90, 135)  # degrees; directions from which the recordings are seen
CAMERA_HEIGHT, DISTANCE = 1.2, 5.0  # meters; the distance is from the middle of the path
FOCAL_LENGTH, SIZE = 1000.0, (1280, 720)  # pixels
CLIMBING = ("cmu/001_08", "cmu/001_14")  # a playground: people are far above the floor


def recorded_clip(motion: Motion, azimuth: float, body: BodyData) -> MotionClip:
    """A recording on the floor as a clip of a level camera, with boxes around the person."""
    angle = np.radians(azimuth)
    back = np.array([np.sin(angle), 0, np.cos(angle)])  # from the person to the camera
    rotation = np.stack([np.cross([0.0, 1, 0], back), [0.0, -1, 0], -back])
    span = float(np.abs((motion.trans - motion.trans.mean(0)) @ back).max())
    position = motion.trans.mean(0) * (1, 0, 1) + (DISTANCE + span) * back + (0, CAMERA_HEIGHT, 0)
    camera = Camera(rotation, -rotation @ position, FOCAL_LENGTH, SIZE)
    person = in_camera(motion, camera, body)
    person = replace(person, boxes=_boxes(person, body) + np.tile(camera.principal_point, 2))
    floor = Floor(LEVEL, CAMERA_HEIGHT)
    return MotionClip(FPS, *SIZE, FOCAL_LENGTH, camera.principal_point, motion.name, [person], floor=floor)


def _boxes(person: PersonMotion, body: BodyData) -> np.ndarray:
    """Boxes [N, 4] around the body, pixels from the principal point."""
    points = surface_points(person, body, body.markers)
    pixels = FOCAL_LENGTH * points[..., :2] / points[..., 2:]
    return np.concatenate([pixels.min(1), pixels.max(1)], 1)


def recorded_kinematics(motions: Sequence[Motion], body: BodyData) -> Iterator[tuple[str, Kinematics]]:
    """The kinematics of all recordings from all directions. The floor of climbing people is unknown."""
    for motion in motions:
        grounded = place_on_floor(motion, body)
        for azimuth in AZIMUTHS:
            clip = recorded_clip(grounded, azimuth, body)
            assert clip.floor is not None
            placement = WorldPlacement.on_floor(clip.floor)
            has_floor = motion.name not in CLIMBING
            yield motion.name, kinematics_of(clip.people[0], clip, body, placement, has_floor)


def print_percentiles(all_motion: Sequence[Kinematics]) -> None:
    """Print one row for each quantity, over all frames."""
    floating = [k.height[k.in_contact & ~np.isnan(k.height)] for k in all_motion]
    rows = {
        "speed along the view, m/s": [np.abs(k.velocity[:, 0]) for k in all_motion],
        "speed across the view, m/s": [k.velocity[:, 1] for k in all_motion],
        "acceleration along, m/s^2": [np.abs(k.acceleration[:, 0]) for k in all_motion],
        "acceleration across, m/s^2": [k.acceleration[:, 1] for k in all_motion],
        f"sliding in contact, mm in 1/30 s, over {SUSTAINED} s": [
            MM_PER_FRAME * sustained(k.sliding, k.fps) for k in all_motion
        ],
        "depth of soles below the floor, mm": [-1000 * k.sole_height for k in all_motion],
        "height of the lowest point in contact, mm": [1000 * heights for heights in floating],
        f"jitter, 10 m/s^3, over {SUSTAINED} s": [sustained(k.jitter, k.fps) for k in all_motion],
        "unsupported change of distance in 0.1 s, %": [100 * np.abs(k.distance_change) for k in all_motion],
    }
    print(f"{'':52}" + "".join(f"{f'{percentile}%':>9}" for percentile in PERCENTILES))
    for name, values in rows.items():
        known = np.concatenate(values)
        known = known[~np.isnan(known)]
        print(f"{name:52}" + "".join(f"{value:9.2f}" for value in np.percentile(known, PERCENTILES)))
    above = np.concatenate(floating) > FLOATING_HEIGHT
    print(f"{'frames in contact that float, %':52}{100 * above.mean():9.2f}")


def print_flights(all_motion: Sequence[tuple[str, Kinematics]]) -> None:
    """Print how the flights of CMU's people fall. DeepMimic's motion was edited: not all of it falls."""
    falls = np.concatenate([np.unique(k.fall[~np.isnan(k.fall)]) for name, k in all_motion if name.startswith("cmu")])
    if len(falls) == 0:
        return
    quartiles = np.percentile(falls, (0, 25, 50, 75, 100))
    wrong = np.abs(falls + GRAVITY) > MAX_FALL_ERROR
    print(
        f"{len(falls)} flights (all directions), vertical acceleration, m/s^2: "
        + " ".join(f"{value:.1f}" for value in quartiles)
    )
    print(f"  farther than {MAX_FALL_ERROR} from gravity: {wrong.sum()}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--motions", type=Path, default=MOTIONS, help="Recordings (default: %(default)s)")
    options = parser.parse_args(arguments)
    body = load_body()
    try:
        motions = read_recordings(options.motions, rest_joints(body, np.zeros(10)))
    except TarError as error:
        print(error, file=sys.stderr)
        return 1
    named = list(recorded_kinematics(motions, body))
    print(f"{len(motions)} recordings, {sum(map(len, motions))} frames, {len(AZIMUTHS)} directions")
    print_percentiles([kinematics for _, kinematics in named])
    print_flights(named)
    reports = [(name, plausibility_of([kinematics])) for name, kinematics in named]
    noted = {name for name, report in reports if report.ranges}
    print(f"{len(noted)} recordings with a range to check: {', '.join(sorted(noted))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
