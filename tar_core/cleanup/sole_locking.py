"""Sole locking: the soles of feet in contact stay where they are.

Foot locking (foot_locking.py) weighs contacts against the captured motion, so feet still slide by some millimeters per
frame; and it holds ankles and toes, about which a sole may roll. Here, contacts are constraints, and the rest of the
motion gives way:

1. A foot whose heel and toes both rest does not turn.
2. A foot in contact rests on its heel or its toes, whichever is slower and lower, and may roll about that point. The
   displacements d_t of its ankle solve the least squares problem of foot_locking.py, with that point held.
3. The root follows, so that nearly straight legs keep their length: their knees would have to bend far to change it a
   little. Its displacement r_t minimizes

       sum_t  |r_t|^2 / R^2  +  sum_t,legs  (u_t . (d_t - r_t))^2 / e_t^2  +  changes of velocity and acceleration

   for legs of direction u_t, with e_t from the change of their length per radian of the knee.
4. Inverse kinematics moves the legs (leg_ik.py).
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import ORIGIN, sole_vertices, surface_points
from tar_core.cleanup.foot_leveling import turn_feet
from tar_core.cleanup.foot_locking import (
    FEET,
    FLOOR_ERROR,
    Deviations,
    floor_terms,
    floor_weights,
    solve_displacements,
    stance_weights,
)
from tar_core.cleanup.leg_ik import LEGS, length_rates, move_ankles
from tar_core.motion import Floor, PersonMotion
from tar_core.rotations import matrix_to_axis_angle
from tar_core.skeleton import pose_skeleton

_PASSES = 3  # a moved root changes which displacements the legs reach
_SOLE = Deviations(0.001, 0.3, 3.0)
_SOLE_DISPLACEMENT = 0.015  # meters
_HEIGHT_SPEED = 10.0  # 1/s; a point that is higher by 1 m counts as faster by this many m/s
_TURN = Deviations(0.01, 1.0, 10.0)  # of the rotation of a foot: rad/s and rad/s^2
_TURN_ANGLE = 0.15  # radians
_ROOT = Deviations(1.0, 0.3, 3.0)
_ROOT_DISPLACEMENT = 0.01  # meters
_KNEE_ANGLE, _LEG_LENGTH = 0.02, 0.001  # radians of a knee, and meters of a straight leg, by which they may change
_FLAT = 0.5  # stance weight of heel and toes from which a foot does not turn
_WEAK = 1000.0  # the larger it is, the more do feet slide with a strength below 1
_MIN_DISPLACEMENT = 1e-4  # meters or radians; smaller ones are ignored


def lock_soles(
    person: PersonMotion,
    body: BodyData,
    fps: float,
    contacts: np.ndarray,
    strength: float = 1.0,
    camera: np.ndarray = ORIGIN,
    floor: Floor | None = None,
    marks: np.ndarray | None = None,
) -> PersonMotion:
    """Keep the soles of one person's feet in place. Changes the translation and the legs only.

    Args:
        person: the motion, after foot locking.
        body: the body of the motion.
        fps: frame rate.
        contacts: [N, 2] bool; of the left and the right foot.
        strength: with 1, soles in contact do not slide, unless a leg is too short; 0 leaves the motion unchanged.
        camera: [N, 3] or constant [3] position of the camera, meters.
        floor: soles are also placed on this floor; None if it is not known.
        marks: [N, 2] edited contacts (`PersonEdits.contact_marks`), if there are any. Contacts that are marked are
            held at any strength.
    """
    held = np.where(_both(contacts), strength / (strength + _WEAK * (1 - strength)), 0.0)  # [N - 1, 2]
    if marks is not None:
        held[_both(marks > 0)] = 1.0
    if not held.any():
        return person
    person = _without_turning(person, body, fps, held, camera)
    for _ in range(_PASSES):
        person = _with_held_soles(person, body, fps, held, floor)
    return person


def _both(flags: np.ndarray) -> np.ndarray:
    """Whether flags [N, 2] are true in a frame and the next, [N - 1, 2]."""
    return flags[:-1] & flags[1:]


def _without_turning(
    person: PersonMotion, body: BodyData, fps: float, held: np.ndarray, camera: np.ndarray
) -> PersonMotion:
    """Keep the orientation of feet whose heel and toes both rest; held [N - 1, 2] are weights in 0..1."""
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    bones, _ = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    soles = surface_points(person, body, sole_vertices(body), bones)
    flat = held * (stance_weights(soles, fps, camera) > _FLAT).reshape(-1, 2, 2).all(-1)
    stiffness = np.tile(np.eye(3) / _TURN_ANGLE**2, (len(person), 1, 1))
    turns = np.zeros((len(person), len(FEET), 3))
    for foot, (_, _, ankle) in enumerate(LEGS):
        world = bones[:, ankle, :3, :3]
        # Only differences count: rotations from frame to frame. Small rotations add up like vectors.
        turned = np.zeros((len(person), 1, 3))
        turned[1:, 0] = matrix_to_axis_angle(world[1:] @ world[:-1].swapaxes(1, 2)).cumsum(0)
        turns[:, foot] = solve_displacements(turned, flat[:, foot, None], stiffness, _TURN, fps)
    poses = turn_feet(poses, bones, _without_small(turns))
    return replace(person, poses=poses.reshape(len(person), -1).astype(person.poses.dtype))


def _with_held_soles(
    person: PersonMotion, body: BodyData, fps: float, held: np.ndarray, floor: Floor | None
) -> PersonMotion:
    """Move the ankles so that soles are held, and the root with them. Repeated, legs that were too short reach."""
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    rest = rest_joints(body, person.betas.astype(np.float64))
    bones, joints = pose_skeleton(poses, rest)
    soles = surface_points(person, body, sole_vertices(body), bones)
    ankles = np.stack(
        [_ankle_displacements(soles[:, foot], held[:, number], fps, floor) for number, foot in enumerate(FEET)], 1
    )
    root = _root_displacements(joints, ankles, fps)
    poses = move_ankles(poses, rest, _without_small(ankles - root[:, None]))
    return replace(person, poses=poses.reshape(len(person), -1).astype(person.poses.dtype), trans=person.trans + root)


def _ankle_displacements(soles: np.ndarray, held: np.ndarray, fps: float, floor: Floor | None) -> np.ndarray:
    """Displacements [N, 3] of an ankle.

    Args:
        soles: [N, 2, 3] of heel and toes, meters.
        held: [N - 1] weights of the contact in 0..1.
    """
    unlikely = fps * np.linalg.norm(np.diff(soles, axis=0), axis=-1)
    stiffness, pull = np.tile(np.eye(3) / _SOLE_DISPLACEMENT**2, (len(soles), 1, 1)), np.zeros((len(soles), 3))
    if floor is not None:
        heights = floor.heights(soles)
        unlikely += _HEIGHT_SPEED * (heights[:-1] + heights[1:]) / 2
        lowest = heights.min(1)
        to_floor, pull = floor_terms(floor, lowest, floor_weights(lowest, held), FLOOR_ERROR)
        stiffness += to_floor
    pivot = held[:, None] * (unlikely == unlikely.min(1, keepdims=True))
    return solve_displacements(soles, pivot, stiffness, _SOLE, fps, pull)


def _root_displacements(joints: np.ndarray, ankles: np.ndarray, fps: float) -> np.ndarray:
    """Displacements [N, 3] of the root, for joints [N, 24, 3] and displacements [N, 2, 3] of the ankles."""
    stiffness, pull = np.tile(np.eye(3) / _ROOT_DISPLACEMENT**2, (len(joints), 1, 1)), np.zeros((len(joints), 3))
    for number, (hip, knee, ankle) in enumerate(LEGS):
        thigh, shin = joints[:, knee] - joints[:, hip], joints[:, ankle] - joints[:, knee]
        along = (thigh + shin) / np.linalg.norm(thigh + shin, axis=1, keepdims=True)
        weighted = along / (_LEG_LENGTH + _KNEE_ANGLE * length_rates(thigh, shin))[:, None] ** 2
        stiffness += weighted[:, :, None] * along[:, None]
        pull += weighted * (along * ankles[:, number]).sum(1, keepdims=True)
    free = np.zeros((len(joints) - 1, 1))
    return solve_displacements(joints[:, :1], free, stiffness, _ROOT, fps, pull)


def _without_small(displacements: np.ndarray) -> np.ndarray:
    """Displacements [..., 3] without those that make no difference."""
    length = np.linalg.norm(displacements, axis=-1, keepdims=True)
    return np.where(length < _MIN_DISPLACEMENT, 0.0, displacements)
