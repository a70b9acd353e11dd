"""Cues for the ground plane from the motion of people: contacts, feet, posture and balance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.center_of_mass import Balance, center_of_mass, find_balance, is_on_legs
from tar_core.cleanup.contacts import (
    SOLE_JOINTS,
    find_contacts,
    point_speed,
    sole_vertices,
    support_points,
    surface_points,
)
from tar_core.cleanup.uncertainty import has_reliable_legs
from tar_core.filters import true_runs
from tar_core.motion import Floor, MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton

_MIN_STRAIGHTNESS = 0.93  # cosine between the thighs, shins and trunk of an upright body and its axis
_SUPPORT_HEIGHT = 0.04  # meters above the floor below which a part of the body supports it
_ITERATIONS = 20

_NECK = JOINT_NAMES.index("neck")
_ANKLES, _KNEES = ([JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("ankle", "knee"))
_LEG_BONES = [
    (JOINT_NAMES.index(f"{side}_{upper}"), JOINT_NAMES.index(f"{side}_{lower}"))
    for side in ("left", "right")
    for upper, lower in (("hip", "knee"), ("knee", "ankle"))
]


class PersonGeometry:
    """Quantities of one person's motion that do not depend on the floor; computed once, since they take most time.

    Args:
        person: of the clip.
        clip: the clip.
        body: the body of the motion.
    """

    def __init__(self, person: PersonMotion, clip: MotionClip, body: BodyData) -> None:
        fps, camera = clip.fps, clip.camera_positions(person.frames)
        poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
        bones, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
        self.fps = fps
        sole_indices = sole_vertices(body)
        points = surface_points(person, body, np.concatenate([sole_indices, body.markers]), bones)
        self.soles, self.surface = np.split(points, [len(sole_indices)], axis=1)
        self.is_sole_seen = in_picture(clip, self.soles, person.frames)
        self.sole_speed, self.surface_speed = (point_speed(part, fps, camera) for part in (self.soles, self.surface))
        self.foot_axes = bones[:, SOLE_JOINTS][..., :3, 1]  # [N, 4, 3] the T-pose's y axis, rotated with the feet
        self.body_axes, self.is_upright = body_axis(joints), is_upright(joints)
        self.posture = geometric_median(body_axis(joints, _KNEES))
        self.mass = center_of_mass(joints) + person.trans
        self.is_on_legs = is_on_legs(joints) & has_reliable_legs(person) & self.is_sole_seen.any(1)


@dataclass
class GroundCues:
    """Cues for the ground plane in the camera frame.

    Attributes:
        soles: [K, 3] mean positions of soles, and of other parts of the body, in contact with the ground, meters.
        owners: [K] numbers of the people to whom they belong, from 0.
        feet: [F, 3] unit normals of feet while heel and toe are in contact; they point out of the back of the foot.
        bodies: [B, 3] unit axes of upright bodies, one per range of frames.
        postures: [P, 3] median axis of each person over all frames; used if no body is upright.
        balances: verticals estimated from the balance of people.
    """

    soles: np.ndarray
    owners: np.ndarray
    feet: np.ndarray
    bodies: np.ndarray
    postures: np.ndarray
    balances: Sequence[Balance] = ()

    @classmethod
    def of(cls, person: PersonGeometry, floor: Floor | None) -> "GroundCues":
        """The cues of one person.

        Args:
            person: the person's geometry.
            floor: an estimate of the floor; None in the first pass.
        """
        contacts = find_contacts(person.soles, person.fps, floor, person.sole_speed)
        soles = [
            person.soles[first:end, point].mean(0)
            for point in range(contacts.shape[1])
            for first, end in true_runs(contacts[:, point])
        ]
        # Feet outside the picture are guesses: they count as soles on the floor, but give no direction by themselves.
        seen = contacts & person.is_sole_seen
        feet = [
            geometric_median(person.foot_axes[first:end, heel])
            for heel in (0, 2)
            for first, end in true_runs(seen[:, heel] & seen[:, heel + 1])
        ]
        upright_runs = true_runs(person.is_upright & seen.any(1))
        bodies = [geometric_median(person.body_axes[first:end]) for first, end in upright_runs]
        points, is_support = person.soles, contacts
        if floor is not None:  # lying, sitting and crawling people are supported by other parts of the body
            soles += list(support_points(person.surface, person.surface_speed, floor))
            points = np.concatenate([points, person.surface], 1)
            is_support = np.concatenate([is_support, floor.heights(person.surface) < _SUPPORT_HEIGHT], 1)
        balance = find_balance(person.mass, points, is_support & person.is_on_legs[:, None], person.fps)
        balances = [] if balance is None else [balance]
        return cls(
            soles=_stack(soles),
            owners=np.zeros(len(soles), int),
            feet=_stack(feet),
            bodies=_stack(bodies),
            postures=person.posture[None],
            balances=balances,
        )

    @classmethod
    def join(cls, people: "Sequence[GroundCues]") -> "GroundCues":
        """The cues of all people together."""
        return cls(
            soles=_stack([sole for cues in people for sole in cues.soles]),
            owners=np.repeat(np.arange(len(people)), [len(cues.soles) for cues in people]),
            feet=_stack([foot for cues in people for foot in cues.feet]),
            bodies=_stack([body for cues in people for body in cues.bodies]),
            postures=_stack([posture for cues in people for posture in cues.postures]),
            balances=[balance for cues in people for balance in cues.balances],
        )


def _stack(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """K vectors [3] as an array [K, 3], also for K = 0."""
    return np.array(vectors).reshape(-1, 3)


def in_picture(clip: MotionClip, points: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Whether points [N, P, 3] in the clip's frame are inside the picture at frame numbers [N]; [N, P] bool."""
    offsets = points - clip.camera_positions(frames)[:, None]
    rays = offsets @ clip.camera_rotations(frames).swapaxes(1, 2)
    is_in_front = rays[..., 2] > 0
    depth = np.where(is_in_front, rays[..., 2], 1.0)[..., None]
    pixels = clip.focal_lengths(frames)[:, None, None] * rays[..., :2] / depth + clip.principal_point
    return np.asarray(is_in_front & ((pixels > 0) & (pixels < [clip.width, clip.height])).all(-1))


def is_upright(joints: np.ndarray) -> np.ndarray:
    """Whether the trunk and both legs are nearly in line.

    Args:
        joints: [N, 24, 3].

    Returns:
        [N] bool.
    """
    axis = body_axis(joints)
    parts = [joints[:, _NECK] - joints[:, 0]]
    parts += [joints[:, upper] - joints[:, lower] for upper, lower in _LEG_BONES]
    cosines = [(part * axis).sum(-1) / np.linalg.norm(part, axis=-1) for part in parts]
    return np.min(cosines, axis=0) > _MIN_STRAIGHTNESS


def body_axis(joints: np.ndarray, lower: Sequence[int] = _ANKLES) -> np.ndarray:
    """Unit vectors [N, 3] from the mean of the `lower` joints to the neck, of bodies with joints [N, 24, 3]."""
    axis = joints[:, _NECK] - joints[:, list(lower)].mean(1)
    return axis / np.linalg.norm(axis, axis=-1, keepdims=True)


def geometric_median(directions: np.ndarray) -> np.ndarray:
    """The direction [3] with the smallest sum of distances from unit vectors [K, 3] (Weiszfeld's algorithm)."""
    median = directions.mean(0)
    for _ in range(_ITERATIONS):
        weights = 1 / np.maximum(np.linalg.norm(directions - median, axis=1), 1e-3)
        median = weights @ directions / weights.sum()
    return median / max(float(np.linalg.norm(median)), 1e-9)
