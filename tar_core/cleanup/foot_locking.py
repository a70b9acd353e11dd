"""Feet that stand stay where they stand: the root is moved, mostly along the line of sight, and the legs give the rest.

One camera sees sideways movement well and depth badly, so a foot that does not move in the picture stands, and what it
seems to slide towards or away from the camera is an error of the root. One linear least squares over the whole motion
finds the root's corrections d_t, meters in the camera frame:

    sum_t  d_t^T W_t d_t  +  sum_t,p k_tp |f_t+1,p + d_t+1 - f_t,p - d_t|^2
           +  sum_t s |d_t+1 - d_t|^2  +  sum_t b |d_t+1 - 2 d_t + d_t-1|^2

f are ankles and toes; k is large where they stand; W holds the picture still, stiff across the line of sight and soft
along it; s leaves the rest of the movement as it was, and b its accelerations, so that corrections come and go gently
where feet touch down and leave. Frames are coupled with the next two alone: the work grows with the length.

What the feet still slide then is an error of the legs' poses. The same least squares for each foot, with the root's
place taken by the ankle's and W equal in all directions, says where its ankle goes, and the leg follows it.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.banded import solve_band
from tar_core.cleanup.contacts import ORIGIN, sight_lines
from tar_core.cleanup.leg_ik import move_ankles
from tar_core.cleanup.smoothing import check_strength
from tar_core.filters import smooth_points, smoothing_window
from tar_core.motion import MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES, pose_skeleton

FEET = [JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right") for part in ("ankle", "foot")]

STILL = 0.22  # m/s across the line of sight at which a foot counts as standing by a third
_ALONG = 0.3  # of the speed along it, which is mostly noise, counts too
_LOOK = 0.15  # seconds over which the speed is taken
# Standard deviations of the above: W across and along the line of sight, m; of speeds, m/s; of accelerations, m/s^2.
_ACROSS, _DEPTH = 0.001, 0.03
_STANDING, _MOVING, _BENDING = 0.1, 0.3, 1.0
# The same for ankles.
_ANKLE, _ANKLE_STANDING, _ANKLE_MOVING, _ANKLE_BENDING = 0.015, 0.03, 0.3, 3.0
_STIFF = 0.08  # meters a radian, see `bend_legs`: no knee may snap
_NOTHING = 1e-4  # meters by which no leg is worth moving


def lock_clip_feet(clip: MotionClip, body: BodyData, strength: float) -> MotionClip:
    """Everybody's feet locked; see `lock_feet`."""
    people = [
        lock_feet(person, body, clip.fps, strength, clip.camera_positions(person.frames)) for person in clip.people
    ]
    return replace(clip, people=people)


def lock_feet(
    person: PersonMotion, body: BodyData, fps: float, strength: float = 1.0, camera: np.ndarray = ORIGIN
) -> PersonMotion:
    """One person's motion, corrected so that standing feet slide less; hips, knees and ankles alone are posed anew.

    Args:
        body: the body that the motion belongs to.
        strength: 0 leaves the motion as it is, 1 holds standing feet to a centimeter or two a second.
        camera: [N, 3] where it is in each frame, or [3] where it stands; meters.

    Raises:
        TarError: a strength outside 0..1.
    """
    check_strength(strength, "planting of feet")
    if strength == 0 or len(person) < 2:
        return person
    feet = foot_points(person, body)
    standing = strength * still_weights(feet, fps, camera)  # [N - 1, 4]
    sight = person.trans - camera
    sight /= np.linalg.norm(sight, axis=1, keepdims=True)
    along = sight[:, :, None] * sight[:, None, :]
    stiffness = (np.eye(3) - along) / _ACROSS**2 + along / _DEPTH**2
    shift = _held(feet, standing * (fps / _STANDING) ** 2, stiffness, (fps / _MOVING) ** 2, (fps**2 / _BENDING) ** 2)
    return _solve_legs(replace(person, trans=person.trans + shift), body, fps, standing)


def _solve_legs(person: PersonMotion, body: BodyData, fps: float, standing: np.ndarray) -> PersonMotion:
    """The person with legs that hold the feet's points where they stand, [N - 1, 4] in 0..1."""
    feet = foot_points(person, body)
    standing = standing**2  # a foot that moves slowly is no reason for a leg to jerk
    stiffness = np.tile(np.eye(3) / _ANKLE**2, (len(person), 1, 1))
    ankles = [
        _held(
            feet[:, foot],
            standing[:, foot] * (fps / _ANKLE_STANDING) ** 2,
            stiffness,
            (fps / _ANKLE_MOVING) ** 2,
            (fps**2 / _ANKLE_BENDING) ** 2,
        )
        for foot in (slice(0, 2), slice(2, 4))
    ]
    displacements = np.stack(ankles, 1)
    displacements[np.linalg.norm(displacements, axis=-1) < _NOTHING] = 0
    poses = person.poses.reshape(len(person), -1, 3)
    moved = move_ankles(poses, rest_joints(body, person.betas.astype(np.float64)), displacements, _STIFF)
    return replace(person, poses=moved.reshape(len(person), -1).astype(person.poses.dtype))


def _held(points: np.ndarray, standing: np.ndarray, stiffness: np.ndarray, moving: float, bending: float) -> np.ndarray:
    """[N, 3] the corrections d of the module's least squares.

    Args:
        points: [N, P, 3] f; standing: [N - 1, P] k; stiffness: [N, 3, 3] W; moving: s; bending: b.
    """
    count = len(points)
    coupling = standing.sum(1) + moving
    pull = (standing[..., None] * np.diff(points, axis=0)).sum(1)  # [N - 1, 3]
    right = np.zeros((count, 3))
    right[:-1] += pull
    right[1:] -= pull
    # The bands of D^T D, for first and second differences D.
    middle, beside, beyond = np.zeros(count), -coupling, np.zeros(max(count - 2, 0))
    middle[1:] += coupling
    middle[:-1] += coupling
    for k, weight in enumerate((1.0, 4.0, 1.0)):
        middle[k : count - 2 + k] += bending * weight
    beside[:-1] -= 2 * bending
    beside[1:] -= 2 * bending
    beyond += bending
    return solve_band(stiffness + middle[:, None, None] * np.eye(3), beside, beyond, right)


def foot_points(person: PersonMotion, body: BodyData) -> np.ndarray:
    """[N, 4, 3] ankles and toes (FEET) in the camera frame, meters."""
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    _, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    return joints[:, FEET] + person.trans[:, None]


def still_weights(feet: np.ndarray, fps: float, camera: np.ndarray = ORIGIN) -> np.ndarray:
    """[N, P, 3] -> [N - 1, P] in 0..1: how surely a point stands between a frame and the next.

    Args:
        camera: as in `foot_locking`.
    """
    count, points, _ = feet.shape
    calm = smooth_points(feet, smoothing_window(_LOOK * fps, count))
    velocity = fps * np.diff(calm, axis=0)
    sight = sight_lines(calm, camera)[1:]
    along = (velocity * sight).sum(-1, keepdims=True)
    across = velocity - along * sight
    speed = np.sqrt((across**2).sum(-1) + (_ALONG * along[..., 0]) ** 2)
    weights = np.exp(-((speed / STILL) ** 2))
    return np.where(weights > 0.05, weights, 0.0).reshape(count - 1, points)


def slide(feet: np.ndarray, weights: np.ndarray) -> float:
    """Mean movement a frame of points [N, P, 3] where they stand (weights [N - 1, P] above a half), meters."""
    moved = np.linalg.norm(np.diff(feet, axis=0), axis=-1)[weights > 0.5]
    return float(moved.mean()) if len(moved) else 0.0
