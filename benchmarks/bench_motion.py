"""`make bench-motion`: what planting feet does to the root, on motion whose truth is known and on the demo video.

Recordings of shared/data/motion before random cameras that stand still (tar_core/synthetic/scene.py: pitch, roll,
height
and lens at random) get errors that are alike the network's on real video: the root wavers by 60 mm along the line of
sight, slowly (the four demo cameras: 61 to 172 mm against their ground truth), and trembles along it by 4 mm from frame
to frame (there, by third differences: 2.5 to 5.5 mm), every joint by 2 degrees, and joints tremble as much as the
network's do (accelerations from the root on are off by 7 mm/frame^2 on the demo cameras). Then the motion is
smoothed at the default strength, and feet are locked. Sliding is measured where the true feet stand (below 0.15 m/s);
the root's error, means removed, also in percent of its way; accelerations are those of all joints; hits are the moments
at which a hand or a foot is fastest, and nobody else within a quarter of a second.

Recordings come from other bodies than ours. On ours some stand on tilted soles and lie in the floor, which nobody does,
so they are put on a floor first (`on_floor`).

The floor is found in the smoothed and locked motion, as on import (tar_core/cleanup/ground_plane.py), and compared
with the camera's
own: the angle between both ups, and the height of the camera above it. With `--travelling` the cameras are carried
sideways, along paths that are known.

Limbs are also flung away for some frames (left and right swapped, a joint lost) to see how many are brought back
(tar_core/cleanup/outliers.py).
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.signal import find_peaks

from benchmarks.camera_joints import main_person
from scripts.paths import REPOSITORY
from tar_core.body.data import BodyData, load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, to_world_frame
from tar_core.cleanup.contacts import SHORTEST, sole_points, surface_points
from tar_core.cleanup.foot_locking import FEET, foot_points, lock_feet, slide, still_weights
from tar_core.cleanup.ground_plane import find_floor
from tar_core.cleanup.outliers import fill_outliers
from tar_core.cleanup.smoothing import smooth_person
from tar_core.errors import TarError
from tar_core.evaluation.metrics import jitter
from tar_core.filters import true_runs
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic.key_poses import LOW, STANDING, pose_from_degrees
from tar_core.synthetic.motions import FPS, Motion, leg_length, load_motions, with_legs, world_rotations
from tar_core.synthetic.scene import Camera, sample_camera

MOTIONS = REPOSITORY.parent / "shared" / "data" / "motion"
KINDS = ("walk", "run", "jump", "sit_down", "dance_spin", "crawl")
BESIDES = ("getup",)  # measured too, and left out of what is said of all
FLINGS = 6  # of each recording
MIRRORED = np.array([1.0, -1, -1])  # a left joint's axis-angle on the right
CAMERAS = 24  # for each recording
STANDS = 0.15  # m/s below which a true foot stands
FLAT = np.cos(np.radians(15))  # between a sole that stands and a level one
LIFTED = 5  # frames over which the root is lifted out of the floor
UP = np.array([0.0, 1, 0])
SMOOTHING = 0.3  # the default
TREMBLE, DEPTH_TREMBLE = np.radians(0.17), 0.004  # of every joint, and of the root in meters, frame by frame
HIT = 1.5  # m/s, the least speed of a hit
EACH_ANKLE = [JOINT_NAMES.index(f"{side}_ankle") for side in ("left", "right")]
HANDS = [JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right") for part in ("wrist", "hand")]
KNEES = [JOINT_NAMES.index(f"{side}_knee") for side in ("left", "right")]
HANDS_AND_FEET = [JOINT_NAMES.index(f"{side}_{end}") for side in ("left", "right") for end in ("wrist", "ankle")]


def sitting_down(rest: np.ndarray) -> Motion:
    """Somebody with the joints [24, 3] who sits down on a chair, stays and stands up; no recording shows it."""
    # Feet stay level and as far apart as they are.
    halfway = LOW["half squat"] | {"both_hip": (-65, 0, 0), "both_ankle": (-35, 0, 0)}
    down = LOW["sit"] | {"both_hip": (-88, 0, 0)}
    standing, bent, seated = map(pose_from_degrees, (STANDING["stand"], halfway, down))
    poses = np.stack([standing, standing, bent, seated, seated, bent, standing, standing])
    seconds = np.cumsum([0, 0.8, 0.5, 0.6, 1.3, 0.7, 0.6, 0.8])
    times = np.arange(0, seconds[-1], 1 / FPS)
    turns = [PchipInterpolator(seconds, poses[:, joint])(times) for joint in range(len(JOINT_NAMES))]
    moving = np.stack(turns, 1)  # no joint turns far about two axes, so that their axis-angles may be interpolated
    ankles = pose_skeleton(moving, rest)[1][:, EACH_ANKLE].mean(1)
    return Motion("made/sit_down", moving, rest[0] - ankles, FPS, leg_length(rest))


def on_floor(motion: Motion, body: BodyData) -> Motion:
    """The recording as somebody of our body could have done it, on a floor at y = 0.

    Ankles are turned so that soles that stand are level, in the middle of each stance; in between the turn changes from
    one stance to the next. Then the root is lifted wherever any of the body would lie below the floor, which is where
    soles stand; if none does, where the body is lowest. Nothing is lowered: who jumps is in the air. Hands lift nobody:
    DeepMimic's are straight at the wrist and go through the floor on which people lean.
    """
    levelled, stands = level_soles(motion, body)
    person = in_world(levelled, body)
    soles = sole_points(person, body)[..., 1].min(1)
    rigid = np.flatnonzero(~np.isin(body.weights.argmax(1), HANDS))[::5]
    lowest = surface_points(person, body, rigid)[..., 1].min(1)
    floor = float(np.median(soles[stands]) if stands.any() else np.percentile(lowest, 5))
    # The smoothed maximum is nowhere below what it covers.
    highest = maximum_filter1d(np.maximum(floor - lowest, 0), 2 * LIFTED + 1, mode="nearest")
    lift = gaussian_filter1d(highest, LIFTED / 2, radius=LIFTED, mode="nearest") - floor
    return replace(levelled, trans=levelled.trans + lift[:, None] * UP)


def level_soles(motion: Motion, body: BodyData) -> tuple[Motion, np.ndarray]:
    """Ankles turned as `on_floor` says, and [N] bool: where a foot stands."""
    soles = sole_points(in_world(motion, body), body)
    still = FPS * np.linalg.norm(np.gradient(soles, axis=0), axis=-1) < STANDS
    ups = world_rotations(motion.poses)[:, EACH_ANKLE, 1]  # [N, 2, 3] the world's up in the feet's axes
    poses, any_stands = motion.poses.copy(), np.zeros(len(motion), bool)
    for foot, ankle in enumerate(EACH_ANKLE):
        stands = still[:, 2 * foot] & still[:, 2 * foot + 1] & (ups[:, foot, 1] > FLAT)
        stances = [(first, end) for first, end in true_runs(stands) if end - first >= SHORTEST * FPS]
        if stances:
            frames = np.concatenate([np.arange(*stance) for stance in stances])
            off = np.concatenate(
                [np.tile(rotation_between(UP, np.median(ups[a:b, foot], 0)), (b - a, 1, 1)) for a, b in stances]
            )
            every = np.arange(len(motion))
            turn = np.stack([np.interp(every, frames, axis) for axis in matrix_to_axis_angle(off).T], 1)
            own = axis_angle_to_matrix(poses[:, ankle]) @ axis_angle_to_matrix(turn)
            poses[:, ankle] = matrix_to_axis_angle(own)
            any_stands[frames] = True
    return replace(motion, poses=poses), any_stands


def in_world(motion: Motion, body: BodyData) -> PersonMotion:
    """The recording in the axes of the world."""
    count = len(motion)
    trans = motion.trans - rest_joints(body, np.zeros(10))[0]
    poses = motion.poses.reshape(count, -1)
    return PersonMotion(1, poses, np.zeros(10), trans, np.arange(count), np.zeros((count, 4)), np.ones(count))


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
    along = 0.06 * slow_noise(random, count, 1) + DEPTH_TREMBLE * random.normal(size=(count, 1))
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
    """Millimeters by which the root's path differs from the true one, laid on each other by their means."""
    away = person.trans - truth.trans
    return 1000 * float(np.sqrt(((away - away.mean(0)) ** 2).sum(1).mean()))


def joints_of(person: PersonMotion, body: BodyData) -> np.ndarray:
    """[N, 24, 3] meters in the camera frame."""
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


def synthetic(motions: Path, body: BodyData, travelling: bool = False) -> tuple[list[np.ndarray], list[int], list[int]]:
    """Prints a row a kind; returns all clips' numbers, and by how many frames all hits are off before and after.

    The numbers: sliding true, before, after in mm; root error before, after; the true way in mm; acceleration's error
    before, after; tilt in degrees of the camera (what taking it for level costs) and of the floor found; height error
    in %.
    """
    random, ways = np.random.default_rng(0), np.random.default_rng(1)
    rest = rest_joints(body, np.zeros(10))
    recordings = [
        on_floor(motion, body)
        for motion in [*read_recordings(motions, rest), sitting_down(rest)]
        if any(kind in motion.name for kind in KINDS + BESIDES)
    ]
    rows: list[list[float]] = []
    off_before: list[int] = []
    off: list[int] = []
    print(
        f"{'':12}{'slides, mm a frame: true':>26}{'before':>8}{'after':>7}{'root error, mm: before':>24}{'after':>7}"
        f"{'% of way':>10}{'acceleration: before':>22}{'after':>7}{'hits off':>10}"
        f"{'tilt: level camera':>21}{'found':>7}{'height, %':>11}"
    )
    for kind in KINDS + BESIDES:
        numbers: list[list[float]] = []
        own_off: list[int] = []
        own_before: list[int] = []
        for motion in [motion for motion in recordings if kind in motion.name]:
            _, joints = pose_skeleton(motion.poses, rest)
            world = joints - rest[0] + motion.trans[:, None]
            for _ in range(CAMERAS):
                camera = sample_camera(random, world, truncate=False)
                truth = true_person(motion, camera, body)
                path = dolly(ways, len(motion)) if travelling else CameraTrajectory(0, np.zeros((len(motion), 3)))
                captured = to_world_frame(with_errors(to_camera_frame(truth, path, rest[0]), random), path, rest[0])
                smooth = smooth_person(captured, FPS, SMOOTHING, path.positions)
                locked = lock_feet(smooth, body, FPS, 1.0, path.positions)
                places = [joints_of(person, body) for person in (truth, captured, locked)]
                accelerations = [acceleration_off(joints, places[0]) for joints in places[1:]]
                way = 1000 * float(np.linalg.norm(np.diff(motion.trans, axis=0), axis=1).sum())
                own_before += hits_off(places[1], places[0])
                own_off += hits_off(places[2], places[0])
                feet = [foot_points(person, body) for person in (truth, captured, locked)]
                stands = (FPS * np.linalg.norm(np.diff(feet[0], axis=0), axis=-1) < STANDS).astype(float)
                errors = [root_error(person, truth) for person in (captured, locked)]
                up = camera.rotation[:, 1]
                height = -float(camera.translation @ up)
                clip = MotionClip(FPS, *camera.size, camera.focal_length, camera.principal_point, motion.name, [locked])
                clip = replace(clip, camera_trajectory=path)
                tilt, sunk = floor_errors(clip, up, height, body)
                level = float(np.degrees(np.arccos(np.clip(up @ LEVEL, -1, 1))))
                slides = [1000 * slide(points, stands) for points in feet]
                floor = [level, tilt, 100 * sunk / max(abs(height), 0.5)]
                numbers.append([*slides, *errors, way, *accelerations, *floor])
        if kind in KINDS:
            rows, off, off_before = rows + numbers, off + own_off, off_before + own_before
        true, before, after, root_before, root_after, way, trembles, calm = np.mean(numbers, axis=0)[:8]
        level, tilt, height_error = np.median(numbers, axis=0)[8:]
        print(
            f"{kind:12}{true:26.1f}{before:8.1f}{after:7.1f}{root_before:24.1f}{root_after:7.1f}"
            f"{100 * root_after / way:10.1f}{trembles:22.1f}{calm:7.1f}{share_within(own_off, 1):10.0%}"
            f"{level:21.1f}{tilt:7.1f}{height_error:11.0f}"
        )
    return [np.array(row) for row in rows], off_before, off


def dolly(random: np.random.Generator, count: int) -> CameraTrajectory:
    """A camera that goes sideways, to the left or to the right, at 0.6 m/s, and pans by up to 23 degrees."""
    time = np.arange(count) / FPS
    place = np.stack([random.choice([-0.6, 0.6]) * time, 0.06 * time, np.zeros(count)], 1)
    turns = np.stack([np.zeros(count), 0.4 * np.sin(random.uniform(0.3, 0.7) * time), np.zeros(count)], 1)
    return CameraTrajectory(0, turns, place)


def fling(poses: np.ndarray, random: np.random.Generator) -> tuple[str, np.ndarray, slice]:
    """Poses [N, 24, 3] with legs or arms swapped, or one joint turned away by 45 to 110 degrees, for 1 to 6 frames.

    Returns:
        what was done, the poses, and in which frames.
    """
    frames = int(random.integers(1, 7))
    first = int(random.integers(5, len(poses) - frames - 5))
    away = slice(first, first + frames)
    flung = poses.copy()
    if random.random() < 0.5:
        parts = ("hip", "knee", "ankle") if random.random() < 0.5 else ("collar", "shoulder", "elbow", "wrist")
        for part in parts:
            left, right = (JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right"))
            flung[away, left], flung[away, right] = poses[away, right] * MIRRORED, poses[away, left] * MIRRORED
        return "swapped", flung, away
    joint = JOINT_NAMES.index(
        f"{random.choice(['left', 'right'])}_{random.choice(['hip', 'knee', 'shoulder', 'elbow'])}"
    )
    axis = random.normal(size=3)
    turn = axis_angle_to_matrix(np.radians(random.uniform(45, 110)) * axis / np.linalg.norm(axis))
    flung[away, joint] = matrix_to_axis_angle(axis_angle_to_matrix(poses[away, joint]) @ turn)
    return "lost", flung, away


def outliers(motions: Path, body: BodyData) -> None:
    """Prints how many of the flung limbs come back, and how much of the recordings themselves is taken for flung.

    Back is who lies off by less than a third of what the worst joint did; flings that move none by 15 cm do not count.
    """
    random = np.random.default_rng(0)
    rest = rest_joints(body, np.zeros(10))
    back: dict[str, list[bool]] = {"swapped": [], "lost": []}
    touched: dict[str, list[int]] = {}
    for motion in read_recordings(motions, rest):
        count = len(motion)
        frames, empty = np.arange(count), np.zeros((count, 4))
        flat = np.tile([0.0, 0, 4], (count, 1))
        true = PersonMotion(1, motion.poses.reshape(count, -1), np.zeros(10), flat, frames, empty, np.ones(count))
        person = with_errors(true, random)
        changed = (fill_outliers(person, FPS).poses != person.poses).any(1)
        of = touched.setdefault(motion.name.partition("/")[0], [0, 0])
        of[0], of[1] = of[0] + int(changed.sum()), of[1] + count
        for _ in range(FLINGS):
            poses = person.poses.reshape(count, 24, 3).astype(float)
            what, flung, away = fling(poses, random)
            filled = fill_outliers(replace(person, poses=flung.reshape(count, -1)), FPS).poses.reshape(count, 24, 3)
            places = [pose_skeleton(np.asarray(posed, float)[away], rest)[1] for posed in (poses, flung, filled)]
            before, after = (np.linalg.norm(other - places[0], axis=-1).max(1).mean() for other in places[1:])
            if before > 0.15:
                back[what].append(bool(after < before / 3))
    for what, found in back.items():
        print(f"limbs {what}: {np.mean(found):.0%} of {len(found)} come back")
    for name, (some, all_of_them) in touched.items():
        print(f"taken for flung in {name}'s own motion: {some} of {all_of_them} frames")


def read_recordings(motions: Path, rest: np.ndarray) -> list[Motion]:
    """Of a folder of archives, or as `load_motions` takes them; by somebody with the joints [24, 3]."""
    archives = sorted(motions.glob("*.tar.*")) if motions.is_dir() else []
    loaded = load_motions(*(archives or [motions]), rest_joints=rest)
    return [with_legs(motion, leg_length(rest)) for motion in loaded]


def share_within(off: list[int], frames: int) -> float:
    """The share of hits that are off by no more than so many frames."""
    return float((np.array(off) <= frames).mean()) if off else float("nan")


def floor_errors(locked: MotionClip, up: np.ndarray, height: float, body: BodyData) -> tuple[float, float]:
    """Degrees between the found up and the true one [3], and meters the camera's height is wrong by."""
    floor = find_floor(locked, body) or Floor(LEVEL, 0.0, 0.0)
    return float(np.degrees(np.arccos(np.clip(floor.up @ up, -1, 1)))), abs(floor.height - height)


def draw_demo(clip: MotionClip, body: BodyData, image: Path) -> None:
    """How far each foot is from the camera, before and after, where it stands; prints what was done to the motion."""
    person = main_person(clip)
    smooth = smooth_person(person, clip.fps, SMOOTHING)
    locked = lock_feet(smooth, body, clip.fps)
    before, after = foot_points(person, body), foot_points(locked, body)
    weights = still_weights(before, clip.fps)
    pixels = [
        clip.focal_length * joints[..., :2] / joints[..., 2:]
        for joints in (joints_of(p, body) for p in (smooth, locked))
    ]
    print(f"{Path(clip.source).name}: as captured, smoothed, locked")
    for name, measure in (
        ("standing feet slide, mm a frame", lambda moving: 1000 * slide(foot_points(moving, body), weights)),
        ("jitter, 10 m/s^3", lambda moving: float(jitter(joints_of(moving, body), clip.fps).mean())),
        (
            "knees' largest angular acceleration, degrees/frame^2",
            lambda moving: float(knee_accelerations(moving).max()),
        ),
    ):
        print(f"  {name:54}" + "".join(f"{measure(moving):8.1f}" for moving in (person, smooth, locked)))
    moved = np.linalg.norm(pixels[1] - pixels[0], axis=-1).mean()
    print(f"  {'joints move in the picture by planting, pixels':54}{moved:8.1f}")
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
    for side, (plot, column) in enumerate(zip(axes, (0, 2), strict=True)):
        for points, color, name in ((before, "C1", "as captured"), (after, "C0", "smoothed and locked")):
            plot.plot(person.frames, points[:, column, 2], color, linewidth=1, alpha=0.5)
            standing = np.where(np.append(weights[:, column], 0) > 0.5, points[:, column, 2], np.nan)
            plot.plot(person.frames, standing, color, linewidth=3, label=name)
        plot.set(title=JOINT_NAMES[FEET[column]].replace("_", " "), xlabel="frame")
        if side == 0:
            plot.set_ylabel("meters from the camera; thick: stands")
            plot.legend()
    figure.savefig(image, dpi=110)
    print(image)


def main() -> int:
    parser = argparse.ArgumentParser(description="what planting feet does")
    parser.add_argument("--motions", type=Path, default=MOTIONS, help="recordings, as for training")
    parser.add_argument("--travelling", action="store_true", help="before cameras that are carried along known paths")
    parser.add_argument("--clip", type=Path, help="a captured motion file, e.g. of the demo: draws its feet")
    parser.add_argument("--image", type=Path, default=REPOSITORY / "docs" / "images" / "foot_path.png")
    options = parser.parse_args()
    body = load_body()
    try:
        if options.clip:
            draw_demo(MotionClip.load(options.clip), body, options.image)
        outliers(options.motions, body)
        numbers, off_before, off = synthetic(options.motions, body, options.travelling)
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
