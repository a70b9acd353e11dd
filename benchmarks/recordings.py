"""Recorded motion as ground truth: recordings placed on a floor, seen by cameras, with the errors of a capture.

The recordings are those of the training (shared/data/motion). They come from other bodies than the free body: on it,
some stand on tilted soles or lie inside the floor, so `place_on_floor` corrects them first.

`with_errors` adds errors like the network's on real video. Along the line of sight the root drifts slowly by 60 mm (on
the four demo cameras: 61 to 172 mm against ground truth) and jitters by 4 mm from frame to frame (there, from third
differences: 2.5 to 5.5 mm). Every joint drifts by 2 degrees and jitters so much that accelerations relative to the root
are off by 7 mm/frame^2, as on the demo cameras.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.contacts import MIN_DURATION, sole_points, surface_points
from tar_core.filters import true_runs
from tar_core.motion import PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, global_rotations, pose_skeleton
from tar_core.synthetic.key_poses import LOW, STANDING, pose_from_degrees
from tar_core.synthetic.motions import FPS, Motion, leg_length, with_legs
from tar_core.synthetic.recordings import load_motions
from tar_core.synthetic.scene import Camera

STANCE_SPEED = 0.15  # m/s; a foot of the true motion that is slower is in stance
FLAT = np.cos(np.radians(15))  # largest angle between a sole in stance and a level one
LIFT_FRAMES = 5  # frames over which the root is lifted out of the floor
UP = np.array([0.0, 1, 0])
DRIFT, DEPTH_DRIFT = np.radians(2), 0.06  # slow errors: of every joint in radians, of the root in meters
JITTER, DEPTH_JITTER = np.radians(0.17), 0.004  # errors from frame to frame: the same
ANKLES = [JOINT_NAMES.index(f"{side}_ankle") for side in ("left", "right")]
HANDS = [JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right") for part in ("wrist", "hand")]


def read_recordings(motions: Path, rest: np.ndarray) -> list[Motion]:
    """Read recordings, with the leg length of the joints `rest` [24, 3] in meters.

    Args:
        motions: a folder of tar archives, or a path that `load_motions` reads.
    """
    archives = sorted(motions.glob("*.tar.*")) if motions.is_dir() else []
    loaded = load_motions(*(archives or [motions]), rest_joints=rest)
    return [with_legs(motion, leg_length(rest)) for motion in loaded]


def sitting_down(rest: np.ndarray) -> Motion:
    """A person who sits down on a chair, stays seated and stands up, made from key poses: no recording shows this.

    Args:
        rest: [24, 3] joints of the rest pose, meters.
    """
    # Feet stay level, at a constant distance.
    halfway = LOW["half squat"] | {"both_hip": (-65, 0, 0), "both_ankle": (-35, 0, 0)}
    down = LOW["sit"] | {"both_hip": (-88, 0, 0)}
    standing, bent, seated = map(pose_from_degrees, (STANDING["stand"], halfway, down))
    poses = np.stack([standing, standing, bent, seated, seated, bent, standing, standing])
    seconds = np.cumsum([0, 0.8, 0.5, 0.6, 1.3, 0.7, 0.6, 0.8])
    times = np.arange(0, seconds[-1], 1 / FPS)
    # Axis-angles can be interpolated here because no joint rotates far about two axes.
    joints = [PchipInterpolator(seconds, poses[:, joint])(times) for joint in range(NUM_JOINTS)]
    moving = np.stack(joints, 1)
    ankles = pose_skeleton(moving, rest)[1][:, ANKLES].mean(1)
    return Motion("made/sit_down", moving, rest[0] - ankles, FPS, leg_length(rest))


def place_on_floor(motion: Motion, body: BodyData) -> Motion:
    """Correct a recording so that the body moves on a floor at y = 0.

    Soles in stance become level (`level_soles`). Then the root is lifted wherever a part of the body would be below the
    floor. The floor is at the soles in stance; without any, at the lowest part of the body. The root is never lowered,
    so jumps stay in the air. Hands do not lift the root: DeepMimic's hands are straight at the wrist and pass through
    the floor that people lean on.
    """
    levelled, stance = level_soles(motion, body)
    person = in_world(levelled, body)
    soles = sole_points(person, body)[..., 1].min(1)
    rigid = np.flatnonzero(~np.isin(body.weights.argmax(1), HANDS))[::5]
    lowest = surface_points(person, body, rigid)[..., 1].min(1)
    floor = float(np.median(soles[stance]) if stance.any() else np.percentile(lowest, 5))
    # The smoothed running maximum is nowhere below the values that it covers.
    highest = maximum_filter1d(np.maximum(floor - lowest, 0), 2 * LIFT_FRAMES + 1, mode="nearest")
    lift = gaussian_filter1d(highest, LIFT_FRAMES / 2, radius=LIFT_FRAMES, mode="nearest") - floor
    return replace(levelled, trans=levelled.trans + lift[:, None] * UP)


def level_soles(motion: Motion, body: BodyData) -> tuple[Motion, np.ndarray]:
    """Turn the ankles so that soles are level in the middle of each stance.

    Between stances the correction changes linearly from one stance to the next.

    Returns:
        the motion, and [N] bool: frames in which a foot is in stance.
    """
    soles = sole_points(in_world(motion, body), body)
    still = FPS * np.linalg.norm(np.gradient(soles, axis=0), axis=-1) < STANCE_SPEED
    rotations = global_rotations(axis_angle_to_matrix(motion.poses))
    ups = rotations[:, ANKLES, 1]  # [N, 2, 3] the world's up in the feet's axes
    poses, any_stance = motion.poses.copy(), np.zeros(len(motion), bool)
    for foot, ankle in enumerate(ANKLES):
        stance = still[:, 2 * foot] & still[:, 2 * foot + 1] & (ups[:, foot, 1] > FLAT)
        stances = [(first, end) for first, end in true_runs(stance) if end - first >= MIN_DURATION * FPS]
        if stances:
            frames = np.concatenate([np.arange(*stance) for stance in stances])
            corrections = [rotation_between(UP, np.median(ups[a:b, foot], 0)) for a, b in stances]
            repeated = [np.tile(turn, (b - a, 1, 1)) for turn, (a, b) in zip(corrections, stances, strict=True)]
            vectors = matrix_to_axis_angle(np.concatenate(repeated))
            turn = np.stack([np.interp(np.arange(len(motion)), frames, axis) for axis in vectors.T], 1)
            turned = axis_angle_to_matrix(poses[:, ankle]) @ axis_angle_to_matrix(turn)
            poses[:, ankle] = matrix_to_axis_angle(turned)
            any_stance[frames] = True
    return replace(motion, poses=poses), any_stance


def in_world(motion: Motion, body: BodyData) -> PersonMotion:
    """A recording as a person in the axes of the world."""
    return _person(motion.poses, motion.trans - rest_joints(body, np.zeros(10))[0])


def in_camera(motion: Motion, camera: Camera, body: BodyData) -> PersonMotion:
    """A recording as a person in the camera frame."""
    poses = motion.poses.copy()
    poses[:, 0] = matrix_to_axis_angle(camera.rotation @ axis_angle_to_matrix(poses[:, 0]))
    return _person(poses, camera.to_camera(motion.trans) - rest_joints(body, np.zeros(10))[0])


def _person(poses: np.ndarray, trans: np.ndarray) -> PersonMotion:
    count = len(poses)
    flat = poses.reshape(count, -1)
    return PersonMotion(1, flat, np.zeros(10), trans, np.arange(count), np.zeros((count, 4)), np.ones(count))


def with_errors(person: PersonMotion, random: np.random.Generator) -> PersonMotion:
    """Add errors like the network's to the motion of a person in the camera frame (see the module)."""
    count = len(person)
    sight = person.trans / np.linalg.norm(person.trans, axis=1, keepdims=True)
    along = DEPTH_DRIFT * slow_noise(random, count, 1) + DEPTH_JITTER * random.normal(size=(count, 1))
    vectors = DRIFT * slow_noise(random, count, 72) + JITTER * random.normal(size=(count, 72))
    turns = axis_angle_to_matrix(vectors.reshape(count, NUM_JOINTS, 3))
    matrices = axis_angle_to_matrix(person.poses.reshape(count, NUM_JOINTS, 3).astype(float))
    poses = matrix_to_axis_angle(matrices @ turns)
    return replace(person, poses=poses.reshape(count, -1), trans=person.trans + along * sight)


def slow_noise(random: np.random.Generator, count: int, channels: int, seconds: float = 0.4) -> np.ndarray:
    """Smooth noise [N, C] of standard deviation 1 that changes over some seconds."""
    sigma = seconds * FPS
    noise = gaussian_filter1d(random.normal(size=(count + 200, channels)), sigma, axis=0)[100 : 100 + count]
    return noise * np.sqrt(2 * np.sqrt(np.pi) * sigma)


def dolly(random: np.random.Generator, count: int) -> CameraTrajectory:
    """A camera that moves to the left or to the right at 0.6 m/s and pans by up to 23 degrees."""
    time = np.arange(count) / FPS
    positions = np.stack([random.choice([-0.6, 0.6]) * time, 0.06 * time, np.zeros(count)], 1)
    pan = 0.4 * np.sin(random.uniform(0.3, 0.7) * time)
    return CameraTrajectory(0, np.stack([np.zeros(count), pan, np.zeros(count)], 1), positions)
