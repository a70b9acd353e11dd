"""`make bench-motion`: what planting feet does to the root, on motion whose truth is known and on the demo video.

Recordings of shared/data/motion before random cameras that stand still (tar_core/training/scene.py: pitch, roll, height
and lens at random) get errors that are alike the network's on real video: the root wavers by 60 mm along the line of
sight, slowly (the four demo cameras: 61 to 172 mm against their ground truth), every joint by 2 degrees, and joints
tremble as much as the network's do (accelerations are off by 7 mm/frame^2 on the demo cameras). Then the motion is
smoothed at the default strength, and feet are planted. Sliding is measured where the true feet stand (below 0.15 m/s);
the root's error, means removed, also in percent of its way; accelerations are those of all joints; hits are the moments
at which a hand or a foot is fastest, and nobody else within a quarter of a second.

The floor is found in the motion with errors too (tar_core/ground.py) and compared with the camera's own: the angle
between both ups, and the height of the lowest soles' floor under the camera.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from tar_core.body_file import BodyData, load_body
from tar_core.contacts import sole_points
from tar_core.errors import TarError
from tar_core.evaluation.metrics import jitter
from tar_core.ground import find_floor
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.planting import FEET, foot_points, plant_feet, slide, still_weights
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.shape import rest_joints
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.smoothing import smooth_person
from tar_core.training.motions import FPS, Motion, load_motions
from tar_core.training.scene import Camera, sample_camera
from tools.camera_joints import main_person

ROOT = Path(__file__).resolve().parent.parent
MOTIONS = ROOT.parent / "shared" / "data" / "motion"
KINDS = ("walk", "run", "jump", "getup", "dance_spin", "crawl")
CAMERAS = 12  # for each recording
STANDS = 0.15  # m/s below which a true foot stands
SMOOTHING = 0.3  # the default
TREMBLE = np.radians(0.17)  # of every joint, frame by frame
HIT = 1.5  # m/s, the least speed of a hit
KNEES = [JOINT_NAMES.index(f"{side}_knee") for side in ("left", "right")]
HANDS_AND_FEET = [JOINT_NAMES.index(f"{side}_{end}") for side in ("left", "right") for end in ("wrist", "ankle")]


def true_person(motion: Motion, camera: Camera, body: BodyData) -> PersonMotion:
    """The recording as the camera sees it."""
    rest = rest_joints(body, np.zeros(10))
    poses = motion.poses.copy()
    poses[:, 0] = matrix_to_axis_angle(camera.rotation @ axis_angle_to_matrix(poses[:, 0]))
    trans = camera.to_camera(motion.trans) - rest[0]
    count = len(motion)
    empty = np.zeros((count, 4))
    return PersonMotion(1, poses.reshape(count, -1), np.zeros(10), trans, np.arange(count), empty, np.ones(count))


def with_errors(person: PersonMotion, random: np.random.Generator) -> PersonMotion:
    """Errors of the network's kind; see the module."""
    count = len(person)
    sight = person.trans / np.linalg.norm(person.trans, axis=1, keepdims=True)
    along = 0.06 * slow_noise(random, count, 1)
    wrong = np.radians(2) * slow_noise(random, count, 72) + TREMBLE * random.normal(size=(count, 72))
    turns = axis_angle_to_matrix(wrong.reshape(count, 24, 3))
    poses = matrix_to_axis_angle(axis_angle_to_matrix(person.poses.reshape(count, 24, 3).astype(float)) @ turns)
    return replace(person, poses=poses.reshape(count, -1), trans=person.trans + along * sight)


def slow_noise(random: np.random.Generator, count: int, channels: int, seconds: float = 0.4) -> np.ndarray:
    """[N, C] of standard deviation 1 that changes over some time, smoothly."""
    sigma = seconds * FPS
    noise = gaussian_filter1d(random.normal(size=(count + 200, channels)), sigma, axis=0)[100 : 100 + count]
    return noise * np.sqrt(2 * np.sqrt(np.pi) * sigma)


def root_error(person: PersonMotion, truth: PersonMotion) -> float:
    """Millimetres by which the root's path differs from the true one, laid on each other by their means."""
    away = person.trans - truth.trans
    return 1000 * float(np.sqrt(((away - away.mean(0)) ** 2).sum(1).mean()))


def joints_of(person: PersonMotion, body: BodyData) -> np.ndarray:
    """[N, 24, 3] metres in the camera frame."""
    poses = person.poses.reshape(len(person), -1, 3).astype(float)
    return pose_skeleton(poses, rest_joints(body, person.betas.astype(float)))[1] + person.trans[:, None]


def acceleration_off(joints: np.ndarray, truth: np.ndarray) -> float:
    """Mean difference of accelerations [N, 24, 3], mm/frame^2."""
    return 1000 * float(np.linalg.norm(np.diff(joints - truth, n=2, axis=0), axis=-1).mean())


def knee_accelerations(person: PersonMotion) -> np.ndarray:
    """[N - 2, 2] of both knees' own turns, degrees/frame^2."""
    knees = person.poses.reshape(len(person), -1, 3)[:, KNEES].astype(float)
    rotations = axis_angle_to_matrix(knees)
    turns = matrix_to_axis_angle(rotations[:-1].swapaxes(-1, -2) @ rotations[1:])
    return np.degrees(np.linalg.norm(np.diff(turns, axis=0), axis=-1))


def hits(joints: np.ndarray) -> list[tuple[int, int]]:
    """(joint, frame) of the moments at which hands and feet of joints [N, 24, 3] are fastest."""
    speed = FPS * np.linalg.norm(np.diff(joints[:, HANDS_AND_FEET], axis=0), axis=-1)
    found = []
    for joint, column in zip(HANDS_AND_FEET, speed.T, strict=True):
        peaks = find_peaks(column, height=HIT, distance=round(FPS / 4), prominence=HIT / 2)[0]
        found += [(joint, int(frame)) for frame in peaks]
    return found


def hits_off(joints: np.ndarray, truth: np.ndarray) -> list[int]:
    """By how many frames each true hit is off, as far as a quarter of a second; one that is gone counts as that."""
    farthest = round(FPS / 4)
    there = hits(joints)
    return [
        min([abs(frame - other) for at, other in there if at == joint] + [farthest]) for joint, frame in hits(truth)
    ]


def synthetic(motions: Path, body: BodyData) -> tuple[list[np.ndarray], list[int], list[int]]:
    """Prints a row a kind; returns all clips' numbers, and by how many frames all hits are off before and after.

    The numbers: sliding true, before, after in mm; root error before, after; the true way in mm; acceleration's error
    before, after; tilt in degrees of the camera (what taking it for level costs) and of the floor found; height error
    in %.
    """
    random = np.random.default_rng(0)
    rest = rest_joints(body, np.zeros(10))
    archives = sorted(motions.glob("*.tar.*")) if motions.is_dir() else []
    recordings = load_motions(*(archives or [motions]), rest_joints=rest)
    rows: list[list[float]] = []
    off_before: list[int] = []
    off: list[int] = []
    print(
        f"{'':12}{'slides, mm a frame: true':>26}{'before':>8}{'after':>7}{'root error, mm: before':>24}{'after':>7}"
        f"{'% of way':>10}{'acceleration: before':>22}{'after':>7}{'hits off':>10}"
        f"{'tilt: level camera':>21}{'found':>7}{'height, %':>11}"
    )
    for kind in KINDS:
        numbers: list[list[float]] = []
        own_off: list[int] = []
        for motion in [motion for motion in recordings if kind in motion.name]:
            _, joints = pose_skeleton(motion.poses, rest)
            world = joints - rest[0] + motion.trans[:, None]
            for _ in range(CAMERAS):
                camera = sample_camera(random, world, truncate=False)
                truth = true_person(motion, camera, body)
                captured = with_errors(truth, random)
                planted = plant_feet(smooth_person(captured, FPS, SMOOTHING), body, FPS)
                places = [joints_of(person, body) for person in (truth, captured, planted)]
                accelerations = [acceleration_off(joints, places[0]) for joints in places[1:]]
                way = 1000 * float(np.linalg.norm(np.diff(motion.trans, axis=0), axis=1).sum())
                off_before += hits_off(places[1], places[0])
                own_off += hits_off(places[2], places[0])
                feet = [foot_points(person, body) for person in (truth, captured, planted)]
                stands = (FPS * np.linalg.norm(np.diff(feet[0], axis=0), axis=-1) < STANDS).astype(float)
                errors = [root_error(person, truth) for person in (captured, planted)]
                up = camera.rotation[:, 1]
                height = -float(np.percentile((sole_points(truth, body) @ up).min(1), 5))
                clip = MotionClip(FPS, *camera.size, camera.focal, camera.principal_point, motion.name, [captured])
                tilt, sunk = floor_errors(clip, up, height, body)
                level = float(np.degrees(np.arccos(np.clip(up @ LEVEL, -1, 1))))
                slides = [1000 * slide(points, stands) for points in feet]
                floor = [level, tilt, 100 * sunk / max(abs(height), 0.5)]
                numbers.append([*slides, *errors, way, *accelerations, *floor])
        rows += numbers
        off += own_off
        true, before, after, root_before, root_after, way, trembles, calm = np.mean(numbers, axis=0)[:8]
        level, tilt, height_error = np.median(numbers, axis=0)[8:]
        print(
            f"{kind:12}{true:26.1f}{before:8.1f}{after:7.1f}{root_before:24.1f}{root_after:7.1f}"
            f"{100 * root_after / way:10.1f}{trembles:22.1f}{calm:7.1f}{share_within(own_off, 1):10.0%}"
            f"{level:21.1f}{tilt:7.1f}{height_error:11.0f}"
        )
    return [np.array(row) for row in rows], off_before, off


def share_within(off: list[int], frames: int) -> float:
    """The share of hits that are off by no more than so many frames."""
    return float((np.array(off) <= frames).mean()) if off else float("nan")


def floor_errors(captured: MotionClip, up: np.ndarray, height: float, body: BodyData) -> tuple[float, float]:
    """Degrees between the found up and the true one [3], and metres the camera's height is wrong by."""
    floor = find_floor(captured, body) or Floor(LEVEL, 0.0, 0.0)
    return float(np.degrees(np.arccos(np.clip(floor.up @ up, -1, 1)))), abs(floor.height - height)


def draw_demo(clip: MotionClip, body: BodyData, image: Path) -> None:
    """How far each foot is from the camera, before and after, where it stands; prints what was done to the motion."""
    person = main_person(clip)
    smooth = smooth_person(person, clip.fps, SMOOTHING)
    planted = plant_feet(smooth, body, clip.fps)
    before, after = foot_points(person, body), foot_points(planted, body)
    weights = still_weights(before, clip.fps)
    pixels = [
        clip.focal * joints[..., :2] / joints[..., 2:] for joints in (joints_of(p, body) for p in (smooth, planted))
    ]
    print(f"{Path(clip.source).name}: as captured, smoothed, planted")
    for name, measure in (
        ("standing feet slide, mm a frame", lambda moving: 1000 * slide(foot_points(moving, body), weights)),
        ("jitter, 10 m/s^3", lambda moving: float(jitter(joints_of(moving, body), clip.fps).mean())),
        (
            "knees' largest angular acceleration, degrees/frame^2",
            lambda moving: float(knee_accelerations(moving).max()),
        ),
    ):
        print(f"  {name:54}" + "".join(f"{measure(moving):8.1f}" for moving in (person, smooth, planted)))
    moved = np.linalg.norm(pixels[1] - pixels[0], axis=-1).mean()
    print(f"  {'joints move in the picture by planting, pixels':54}{moved:8.1f}")
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
    for side, (plot, column) in enumerate(zip(axes, (0, 2), strict=True)):
        for points, colour, name in ((before, "C1", "as captured"), (after, "C0", "smoothed and planted")):
            plot.plot(person.frames, points[:, column, 2], colour, linewidth=1, alpha=0.5)
            standing = np.where(np.append(weights[:, column], 0) > 0.5, points[:, column, 2], np.nan)
            plot.plot(person.frames, standing, colour, linewidth=3, label=name)
        plot.set(title=JOINT_NAMES[FEET[column]].replace("_", " "), xlabel="frame")
        if side == 0:
            plot.set_ylabel("metres from the camera; thick: stands")
            plot.legend()
    figure.savefig(image, dpi=110)
    print(image)


def main() -> int:
    parser = argparse.ArgumentParser(description="what planting feet does")
    parser.add_argument("--motions", type=Path, default=MOTIONS, help="recordings, as for training")
    parser.add_argument("--clip", type=Path, help="a captured motion file, e.g. of the demo: draws its feet")
    parser.add_argument("--image", type=Path, default=ROOT / "docs" / "images" / "foot_path.png")
    options = parser.parse_args()
    body = load_body()
    try:
        if options.clip:
            draw_demo(MotionClip.load(options.clip), body, options.image)
        numbers, off_before, off = synthetic(options.motions, body)
    except TarError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    true, before, after, root_before, root_after, way, trembles, calm = np.mean(numbers, axis=0)[:8]
    level, tilt, height = np.median(numbers, axis=0)[8:]
    print(
        f"FIGURE tilt_deg={tilt:.1f} tilt_level_deg={level:.1f} height_percent={height:.0f}"
        f" root_err={100 * root_after / way:.1f} root_mm={root_after:.1f} root_before_mm={root_before:.1f}"
        f" slide_mm={after:.1f} slide_before_mm={before:.1f} slide_true_mm={true:.1f}"
        f" accel={calm:.1f} accel_before={trembles:.1f} hits_within_1={share_within(off, 1):.2f}"
        f" hits_before={share_within(off_before, 1):.2f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
