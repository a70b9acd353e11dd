"""Contact locking: the soles of feet in contact, and hands that the user marks, stay where they are.

Foot locking (foot_locking.py) weighs contacts against the captured motion, so feet still slide by some millimeters per
frame; and it holds ankles and toes, about which a sole may roll. Here, contacts are constraints, and the rest of the
motion gives way:

1. A foot whose heel and toes both rest does not turn, nor does a hand in contact.
2. A foot in contact rests on its heel or its toes, whichever is slower and lower, and may roll about that point. The
   displacements d_t of its ankle solve the least squares problem of foot_locking.py, with that point held. For a hand,
   the point is the palm.
3. The root follows, so that nearly straight legs keep their length, and the arms of hands in contact: their knees and
   elbows would have to bend far to change it a little. Its displacement r_t minimizes

       sum_t  |r_t|^2 / R^2  +  sum_t,limbs  (u_t . (d_t - r_t))^2 / e_t^2  +  changes of velocity and acceleration

   for limbs of direction u_t, with e_t from the change of their length per radian of the knee or elbow.
4. Inverse kinematics moves the limbs (limb_ik.py). Wrists stay within their limits.
"""

from dataclasses import dataclass, replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.body.wrists import limited_wrists
from tar_core.cleanup.contacts import END_HEIGHT, ORIGIN, sole_vertices, surface_points
from tar_core.cleanup.foot_locking import (
    FLOOR_ERROR,
    FOOT_POINTS,
    Deviations,
    floor_terms,
    floor_weights,
    in_both,
    solve_displacements,
    stance_weights,
)
from tar_core.cleanup.hand_contacts import PALMS, hand_heights
from tar_core.cleanup.limb_ik import ARMS, LEGS, length_rates, move_limbs, turn_ends
from tar_core.edits import FEET, HANDS
from tar_core.motion import Floor, PersonMotion
from tar_core.rotations import matrix_to_axis_angle
from tar_core.skeleton import pose_skeleton

_PASSES = 3  # a moved root changes which displacements the limbs reach
_SOLE = Deviations(0.001, 0.3, 3.0)
_SOLE_DISPLACEMENT = 0.015  # meters
_HAND = Deviations(0.001, 0.6, 6.0)  # hands are faster than feet
_HAND_DISPLACEMENT = 0.05  # meters
_HEIGHT_SPEED = 10.0  # 1/s; a point that is higher by 1 m counts as faster by this many m/s
_TURN = Deviations(0.01, 1.0, 10.0)  # of the rotation of a foot or a hand: rad/s and rad/s^2
_TURN_ANGLE = 0.15  # radians
_ROOT = Deviations(1.0, 0.3, 3.0)
_ROOT_DISPLACEMENT = 0.01  # meters
# Radians of a knee or an elbow, and meters of a straight limb, by which they may change.
_BEND_ANGLE, _LIMB_LENGTH = 0.02, 0.001
_FLAT = 0.5  # stance weight of heel and toes from which a foot does not turn
_WEAK = 1000.0  # the larger it is, the more feet slide with a strength below 1
_MIN_DISPLACEMENT = 1e-4  # meters or radians; smaller ones are ignored


@dataclass(frozen=True)
class _Held:
    """What is held.

    Attributes:
        feet: [N - 1, 2] weights in 0..1 of the contacts of the feet between each frame and the next.
        hands: [N - 1, 2] the same of the hands; empty if none is ever in contact.
        floor: soles and low hands are also placed on this floor; None if it is not known.
        fps: frame rate.
    """

    feet: np.ndarray
    hands: np.ndarray
    floor: Floor | None
    fps: float

    @property
    def limbs(self) -> list[list[int]]:
        return [*LEGS, *ARMS] if len(self.hands) else LEGS


def lock_contacts(
    person: PersonMotion,
    body: BodyData,
    fps: float,
    contacts: np.ndarray,
    strength: float = 1.0,
    camera: np.ndarray = ORIGIN,
    floor: Floor | None = None,
    marks: np.ndarray | None = None,
) -> PersonMotion:
    """Keep the soles of one person's feet, and the hands, in place. Changes the translation and the limbs only.

    Args:
        person: the motion, after foot locking.
        body: the body of the motion.
        fps: frame rate.
        contacts: [N, 4] bool; of EFFECTORS.
        strength: of the contacts of feet. With 1, soles in contact do not slide, unless a leg is too short; with 0,
            only contacts that are marked are held.
        camera: [N, 3] or constant [3] position of the camera, meters.
        floor: soles, and hands that are held close to it, are also placed on this floor; None if it is not known.
        marks: [N, 4] edited contacts (`PersonEdits.contact_marks`), if there are any. Contacts that are marked, and
            those of hands, are held at any strength.
    """
    weights = np.where(in_both(contacts), strength / (strength + _WEAK * (1 - strength)), 0.0)  # [N - 1, 4]
    weights[:, HANDS] = in_both(contacts[:, HANDS])
    if marks is not None:
        weights[in_both(marks > 0)] = 1.0
    if not weights.any():
        return person
    has_hands = weights[:, HANDS].any()
    held = _Held(weights[:, FEET], weights[:, HANDS] if has_hands else np.zeros((0, 2)), floor, fps)
    before = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    person = _without_turning(person, body, held, camera)
    for _ in range(_PASSES):
        person = _with_held_ends(person, body, held, before)
    return person


def _without_turning(person: PersonMotion, body: BodyData, held: _Held, camera: np.ndarray) -> PersonMotion:
    """Keep the orientation of feet whose heel and toes both rest, and of hands."""
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    bones, _ = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    soles = surface_points(person, body, sole_vertices(body), bones)
    flat = held.feet * (stance_weights(soles, held.fps, camera) > _FLAT).reshape(-1, 2, 2).all(-1)
    if len(held.hands):
        flat = np.concatenate([flat, held.hands], 1)
    stiffness = np.tile(np.eye(3) / _TURN_ANGLE**2, (len(person), 1, 1))
    turns = np.zeros((len(person), len(held.limbs), 3))
    for number, (_, _, end) in enumerate(held.limbs):
        world = bones[:, end, :3, :3]
        # Only differences count: rotations from frame to frame. Small rotations add up like vectors.
        turned = np.zeros((len(person), 1, 3))
        turned[1:, 0] = matrix_to_axis_angle(world[1:] @ world[:-1].swapaxes(1, 2)).cumsum(0)
        turns[:, number] = solve_displacements(turned, flat[:, number, None], stiffness, _TURN, held.fps)
    poses = turn_ends(poses, bones, held.limbs, _without_small(turns))
    return replace(person, poses=poses.reshape(len(person), -1).astype(person.poses.dtype))


def _with_held_ends(person: PersonMotion, body: BodyData, held: _Held, before: np.ndarray) -> PersonMotion:
    """Move the ends of limbs so that soles and hands are held, and the root with them.

    Repeated, limbs that were too short reach.

    Args:
        before: [N, 24, 3] the poses before anything was held.
    """
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    rest = rest_joints(body, person.betas.astype(np.float64))
    if len(held.hands):
        poses = limited_wrists(poses, before)
    bones, joints = pose_skeleton(poses, rest)
    soles = surface_points(person, body, sole_vertices(body), bones)
    ends = [
        _ankle_displacements(soles[:, foot], held.feet[:, number], held.fps, held.floor)
        for number, foot in enumerate(FOOT_POINTS)
    ]
    if len(held.hands):
        ends += _wrist_displacements(person, body, bones, joints, held)
    displacements = np.stack(ends, 1)
    root = _root_displacements(joints, displacements, held)
    poses = move_limbs(poses, rest, held.limbs, _without_small(displacements - root[:, None]))
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


def _wrist_displacements(
    person: PersonMotion, body: BodyData, bones: np.ndarray, joints: np.ndarray, held: _Held
) -> list[np.ndarray]:
    """Displacements [N, 3] of the left and the right wrist.

    An arm that is nearly straight hardly reaches farther, so its hand moves least along it.

    Args:
        bones, joints: [N, 24, ...] of the poses.
    """
    palms = joints[:, PALMS] + person.trans[:, None]
    is_held = _per_frame(held.hands)
    heights = None if held.floor is None else hand_heights(person, body, bones, held.floor)
    ends = []
    for number, (shoulder, elbow, wrist) in enumerate(ARMS):
        stiffness = np.tile(np.eye(3) / _HAND_DISPLACEMENT**2, (len(person), 1, 1))
        stiffness += _along_limb(joints, shoulder, elbow, wrist)[2] * is_held[:, number, None, None]
        pull = np.zeros((len(person), 3))
        if held.floor is not None and heights is not None:
            on_floor = is_held[:, number] & (heights[:, number] < END_HEIGHT)
            to_floor, pull = floor_terms(held.floor, heights[:, number], on_floor.astype(float), FLOOR_ERROR)
            stiffness += to_floor
        weights = held.hands[:, number, None]
        ends.append(solve_displacements(palms[:, [number]], weights, stiffness, _HAND, held.fps, pull))
    return ends


def _root_displacements(joints: np.ndarray, ends: np.ndarray, held: _Held) -> np.ndarray:
    """Displacements [N, 3] of the root, for joints [N, 24, 3] and displacements [N, L, 3] of the ends of the limbs."""
    stiffness, pull = np.tile(np.eye(3) / _ROOT_DISPLACEMENT**2, (len(joints), 1, 1)), np.zeros((len(joints), 3))
    counts = np.ones((len(joints), len(held.limbs)))
    if len(held.hands):
        counts[:, HANDS] = _per_frame(held.hands)
    for number, limb in enumerate(held.limbs):
        along, weighted, matrices = _along_limb(joints, *limb)
        stiffness += counts[:, number, None, None] * matrices
        pull += counts[:, number, None] * weighted * (along * ends[:, number]).sum(1, keepdims=True)
    free = np.zeros((len(joints) - 1, 1))
    return solve_displacements(joints[:, :1], free, stiffness, _ROOT, held.fps, pull)


def _along_limb(joints: np.ndarray, top: int, middle: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The direction u [N, 3] of a limb, u / e^2, and u u^T / e^2 [N, 3, 3]; see the module's docstring."""
    upper, lower = joints[:, middle] - joints[:, top], joints[:, end] - joints[:, middle]
    along = (upper + lower) / np.linalg.norm(upper + lower, axis=1, keepdims=True)
    weighted = along / (_LIMB_LENGTH + _BEND_ANGLE * length_rates(upper, lower))[:, None] ** 2
    return along, weighted, weighted[:, :, None] * along[:, None]


def _per_frame(held: np.ndarray) -> np.ndarray:
    """Whether weights [N - 1, K] between frames are above zero before or after each frame, [N, K] bool."""
    none = np.zeros((1, held.shape[1]))
    return np.asarray((np.concatenate([none, held]) > 0) | (np.concatenate([held, none]) > 0))


def _without_small(displacements: np.ndarray) -> np.ndarray:
    """Displacements [..., 3] without those that make no difference."""
    length = np.linalg.norm(displacements, axis=-1, keepdims=True)
    return np.where(length < _MIN_DISPLACEMENT, 0.0, displacements)
