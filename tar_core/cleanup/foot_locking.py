"""Foot locking: keeps feet in place while they are in stance, by moving the root and adjusting the legs.

A single camera measures motion across the image well and depth poorly. A foot that does not move in the image is
therefore in stance, and its apparent sliding along the line of sight is an error of the root's depth. A linear least
squares problem over the whole motion gives the displacement d_t of the root in each frame, meters in the camera frame:

    sum_t  d_t^T W_t d_t  +  sum_t,p k_tp |f_t+1,p + d_t+1 - f_t,p - d_t|^2
           +  sum_t s |d_t+1 - d_t|^2  +  sum_t b |d_t+1 - 2 d_t + d_t-1|^2

f_t,p   positions of ankles and toes
k_tp    stance weights, large while the point is in stance
W_t     keeps the body over its pixels: stiff across the line of sight, soft along it
s, b    keep the velocity and the acceleration of the root elsewhere, so that the displacement fades in and out where
        feet touch down and lift off

Each frame is coupled with the next two only, so the time to solve it is proportional to the number of frames.

The remaining sliding is an error of the leg poses. The same problem is solved for each foot, with d_t the displacement
of the ankle and W_t equal in all directions. Inverse kinematics then moves the legs (limb_ik.py). Feet that still slide
in contacts, and hands that the user marks, are held by contact_locking.py.

If the floor is known, standing feet are leveled first (foot_leveling.py), and terms (h_t + up . d_t)^2 / e^2 are added
to both problems, with the height h_t of the lowest sole, for soles that are in stance close to the floor or below it.
"""

from dataclasses import dataclass, replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.banded import second_differences, solve_band
from tar_core.cleanup.contacts import ORIGIN, START_HEIGHT, sight_lines, sole_points, weighted_speed
from tar_core.cleanup.foot_leveling import level_feet
from tar_core.cleanup.hand_contacts import palm_points
from tar_core.cleanup.limb_ik import LEGS, move_limbs
from tar_core.cleanup.smoothing import check_strength
from tar_core.edits import EFFECTORS, FEET, HANDS
from tar_core.filters import smooth_points, smoothing_window
from tar_core.motion import Floor, MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES, pose_skeleton

FOOT_JOINTS = [JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right") for part in ("ankle", "foot")]

FOOT_POINTS = (slice(0, 2), slice(2, 4))  # of the left and the right foot in FOOT_JOINTS

STANCE_SPEED = 0.22  # m/s at which the stance weight is 1/e
CONTACT_SPEED = 0.4  # the same of a foot that is known to be in contact
_MIN_STANCE_WEIGHT = 0.05  # smaller weights are set to zero
_SPEED_WINDOW = 0.15  # seconds of smoothing before speeds are computed


@dataclass(frozen=True)
class Deviations:
    """Standard deviations of the terms of the least squares problem.

    Attributes:
        stance: of the velocity of points in stance, m/s.
        velocity: of the change of velocity elsewhere, m/s.
        acceleration: of the change of acceleration, m/s^2.
    """

    stance: float
    velocity: float
    acceleration: float


_ROOT = Deviations(0.1, 0.3, 1.0)
_ROOT_ACROSS, _ROOT_DEPTH = 0.001, 0.03  # meters; of the displacement across and along the line of sight
_ANKLE = Deviations(0.03, 0.3, 3.0)
_ANKLE_DISPLACEMENT = 0.015  # meters
FLOOR_ERROR, _ROOT_FLOOR = 0.004, 0.01  # meters; of the height of a sole that should be on the floor, for legs and root
_MAX_DEPTH = 0.15  # meters below the floor from which a foot is lifted; deeper feet are errors of the whole body
_KNEE_STIFFNESS = 0.08  # meters per radian; prevents knee snapping, see `bend_limb`
_MIN_DISPLACEMENT = 1e-4  # meters; smaller displacements of an ankle are ignored


def lock_clip_feet(clip: MotionClip, body: BodyData, strength: float, floor: Floor | None = None) -> MotionClip:
    """Lock the feet of all people in a clip; see `lock_feet`."""
    people = [
        lock_feet(person, body, clip.fps, strength, clip.camera_positions(person.frames), floor)
        for person in clip.people
    ]
    return replace(clip, people=people)


def lock_feet(
    person: PersonMotion,
    body: BodyData,
    fps: float,
    strength: float = 1.0,
    camera: np.ndarray = ORIGIN,
    floor: Floor | None = None,
    marks: np.ndarray | None = None,
    contacts: np.ndarray | None = None,
) -> PersonMotion:
    """Lock the feet of one person. Changes the translation and the rotations of hips, knees and ankles only.

    Args:
        person: the motion.
        body: the body of the motion.
        fps: frame rate.
        strength: 0 leaves the motion unchanged; with 1, feet in stance slide by about 5 cm/s.
        camera: [N, 3] or constant [3] position of the camera, meters.
        floor: feet are also placed on this floor; None if it is not known.
        marks: [N, 4] edited contacts (`PersonEdits.contact_marks`), if there are any. Marked feet are locked at any
            strength. Marked hands count like feet in stance for the path of the root.
        contacts: [N, 2] of the feet (`foot_contacts`), if they are known.

    Raises:
        TarError: the strength is outside 0..1.
    """
    check_strength(strength, "foot locking")
    marks = np.zeros((len(person), len(EFFECTORS)), np.int8) if marks is None else marks
    if (strength == 0 and not (marks > 0).any()) or len(person) < 2:
        return person
    stance = stance_weights(foot_points(person, body), fps, camera, marks[:, FEET], contacts)  # [N - 1, 4]
    stance *= np.where(_marked_in_contact(marks[:, FEET]), 1.0, strength)
    if floor is not None:
        person = level_feet(person, body, fps, floor, flat_weights(stance))
    sight = person.trans - camera
    sight /= np.linalg.norm(sight, axis=1, keepdims=True)
    along = sight[:, :, None] * sight[:, None, :]
    stiffness = (np.eye(3) - along) / _ROOT_ACROSS**2 + along / _ROOT_DEPTH**2
    pull = np.zeros((len(person), 3))
    if floor is not None:
        heights = floor.heights(sole_points(person, body)).min(1)
        to_floor, pull = floor_terms(floor, heights, strength * floor_weights(heights, stance.max(1)), _ROOT_FLOOR)
        stiffness = stiffness + to_floor
    points, weights = foot_points(person, body), stance
    if (marks[:, HANDS] > 0).any():
        points = np.concatenate([points, palm_points(person, body)], 1)
        weights = np.concatenate([stance, in_both(marks[:, HANDS] > 0)], 1)
    displacement = solve_displacements(points, weights, stiffness, _ROOT, fps, pull)
    person = replace(person, trans=person.trans + displacement)
    plane = None if floor is None else (floor, strength)
    return _lock_legs(person, body, fps, stance, plane)


def _lock_legs(
    person: PersonMotion,
    body: BodyData,
    fps: float,
    stance: np.ndarray,
    floor: tuple[Floor, float] | None,
) -> PersonMotion:
    """Adjust the legs so that the points of the feet stay in place and on the floor.

    Args:
        stance: [N - 1, 4] weights in 0..1.
        floor: the floor and the weight of the feet's heights, if it is known.
    """
    feet = foot_points(person, body)
    stance = stance**2  # reduces the weight of slowly moving feet, which would jerk the leg
    stiffness = np.eye(3) / _ANKLE_DISPLACEMENT**2
    soles = None if floor is None else floor[0].heights(sole_points(person, body))
    ankles = []
    for foot in FOOT_POINTS:
        matrices, pull = np.tile(stiffness, (len(person), 1, 1)), np.zeros((len(person), 3))
        if floor is not None and soles is not None:
            plane, weight = floor
            heights = soles[:, foot].min(1)
            weights = weight * floor_weights(heights, stance[:, foot].max(1).clip(0, 1))
            to_floor, pull = floor_terms(plane, heights, weights, FLOOR_ERROR)
            matrices += to_floor
        ankles.append(solve_displacements(feet[:, foot], stance[:, foot], matrices, _ANKLE, fps, pull))
    displacements = np.stack(ankles, 1)
    displacements[np.linalg.norm(displacements, axis=-1) < _MIN_DISPLACEMENT] = 0
    poses, rest = person.poses.reshape(len(person), -1, 3), rest_joints(body, person.betas.astype(np.float64))
    moved = move_limbs(poses, rest, LEGS, displacements, _KNEE_STIFFNESS)
    return replace(person, poses=moved.reshape(len(person), -1).astype(person.poses.dtype))


def floor_terms(floor: Floor, heights: np.ndarray, weights: np.ndarray, error: float) -> tuple[np.ndarray, np.ndarray]:
    """The terms w_t (h_t + up . d_t)^2 / error^2 for heights h_t [N]: matrices [N, 3, 3] and pull [N, 3]."""
    weights = weights / error**2
    pull = -(weights * heights.clip(-_MAX_DEPTH, None))[:, None] * floor.up
    return weights[:, None, None] * np.outer(floor.up, floor.up), pull


def floor_weights(heights: np.ndarray, stance: np.ndarray) -> np.ndarray:
    """How much feet should be on the floor, [N] in 0..1.

    Args:
        heights: [N] of the lowest sole of a foot above the floor, meters.
        stance: [N - 1] stance weights of the foot, from each frame to the next.
    """
    return np.where(heights < 0, 1.0, _per_frame(stance) * (heights < START_HEIGHT))


def flat_weights(stance: np.ndarray) -> np.ndarray:
    """How certainly each foot stands flat, [N, 2] in 0..1: ankle and toes rest, by their stance weights [N - 1, 4]."""
    return np.stack([_per_frame(stance[:, foot].min(1)) for foot in FOOT_POINTS], 1)


def _marked_in_contact(marks: np.ndarray) -> np.ndarray:
    """The points [N - 1, 4] of feet that are marked as in contact in a frame and the next, from marks [N, 2]."""
    return np.repeat(in_both(marks > 0), 2, axis=1)


def in_both(flags: np.ndarray) -> np.ndarray:
    """Whether flags [N, K] are true in a frame and the next, [N - 1, K]."""
    return np.asarray(flags[:-1] & flags[1:])


def _per_frame(stance: np.ndarray) -> np.ndarray:
    """The larger one of the stance weights [N - 1] before and after each frame, [N]."""
    return np.maximum(np.append(stance, 0), np.append(0, stance))


def solve_displacements(
    points: np.ndarray,
    stance: np.ndarray,
    stiffness: np.ndarray,
    deviations: Deviations,
    fps: float,
    pull: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Solve the least squares problem of the module's docstring.

    Args:
        points: [N, P, 3] f.
        stance: [N - 1, P] stance weights in 0..1.
        stiffness: [N, 3, 3] W.
        deviations: give k, s and b.
        fps: frame rate.
        pull: [N, 3] adds -2 pull . d to the sum.

    Returns:
        [N, 3] displacements d.
    """
    weights = stance * (fps / deviations.stance) ** 2
    smoothness, bending = (fps / deviations.velocity) ** 2, (fps**2 / deviations.acceleration) ** 2
    count = len(points)
    coupling = weights.sum(1) + smoothness
    slide = (weights[..., None] * np.diff(points, axis=0)).sum(1)  # [N - 1, 3]
    right = np.zeros((count, 3)) + pull
    right[:-1] += slide
    right[1:] -= slide
    diagonal, first, second = second_differences(bending * np.ones(max(count - 2, 0)), count)
    diagonal[1:] += coupling
    diagonal[:-1] += coupling
    first -= coupling
    blocks = stiffness + diagonal[:, None, None] * np.eye(3)
    return solve_band(blocks, first, second, right[..., None])[..., 0]


def foot_points(person: PersonMotion, body: BodyData) -> np.ndarray:
    """Positions of ankles and toes (FOOT_JOINTS) in the camera frame, [N, 4, 3] meters."""
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    _, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    return joints[:, FOOT_JOINTS] + person.trans[:, None]


def stance_weights(
    feet: np.ndarray,
    fps: float,
    camera: np.ndarray = ORIGIN,
    marks: np.ndarray | None = None,
    contacts: np.ndarray | None = None,
) -> np.ndarray:
    """Estimate how likely points are in stance between each frame and the next.

    Args:
        feet: [N, P, 3] meters.
        fps: frame rate.
        camera: [N, 3] or constant [3] position of the camera, meters.
        marks: [N, 2] edited contacts of the feet, whose points are those of `foot_points`. A foot in contact rests on
            its slowest point; the others may roll about it.
        contacts: [N, 2] of the feet, if they are known. Feet in contact may be faster (`CONTACT_SPEED`),
            unless they are marked.

    Returns:
        [N - 1, P] in 0..1.
    """
    count, points, _ = feet.shape
    smooth = smooth_points(feet, smoothing_window(_SPEED_WINDOW * fps, count))
    speed = weighted_speed(fps * np.diff(smooth, axis=0), sight_lines(smooth, camera)[1:])
    usual = np.full(speed.shape, STANCE_SPEED)
    if contacts is not None:
        usual[np.repeat(in_both(contacts), 2, axis=1)] = CONTACT_SPEED
    if marks is not None:
        for mark, foot in zip(marks.T, FOOT_POINTS, strict=True):
            rests, moves = (mark[:-1] > 0) & (mark[1:] > 0), (mark[:-1] < 0) | (mark[1:] < 0)
            speed[rests, foot] -= speed[rests, foot].min(1, keepdims=True)
            usual[rests, foot] = STANCE_SPEED  # the slowest point is certain, so the others may roll
            speed[moves, foot] = np.inf
    weights = np.exp(-((speed / usual) ** 2))
    return np.where(weights > _MIN_STANCE_WEIGHT, weights, 0.0).reshape(count - 1, points)


def foot_sliding(feet: np.ndarray, weights: np.ndarray) -> float:
    """Mean movement per frame of points in stance, meters.

    Args:
        feet: [N, P, 3] meters.
        weights: [N - 1, P] from `stance_weights`; points with a weight above 0.5 are in stance.
    """
    moved = np.linalg.norm(np.diff(feet, axis=0), axis=-1)[weights > 0.5]
    return float(moved.mean()) if len(moved) else 0.0
