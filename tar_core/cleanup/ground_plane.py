"""The floor in the camera's frame, and with it the camera's pitch, roll and height, found from the people's feet.

Where the picture has straight lines enough, they tell where up is; people may lean, or seem to, and give the camera's
height alone. Elsewhere five things tell, each with the error that it is expected to have: soles that stand, and
whatever else carries the body, lie in one plane; a foot that stands on heel and toe is level; people who stand straight
stand upright, and those who never do are upright on average; people keep their balance (balance.py); and cameras are
held level, in roll above all. The most likely plane is found by Gauss-Newton with Cauchy's weights, so that single
wrong contacts do not count. What the five leave open, and how far they disagree, becomes the confidence: the
probability that up is right to GOOD degrees.
"""

from collections.abc import Sequence

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.center_of_mass import Balance, center_of_mass, find_balance, on_legs
from tar_core.cleanup.contacts import ANKLES, find_contacts, point_speed, sole_vertices, supports, surface_points
from tar_core.cleanup.uncertainty import legs_seen
from tar_core.filters import true_runs
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton

GOOD = 10.0  # degrees
TRUSTED = 0.4  # confidence below which the camera stays level
SURE_LINES = 6.0  # expected error up to which the picture's lines are believed alone

# Expected errors: meters of a standing sole from the floor, degrees of the directions.
_SOLE = 0.05
_FOOT, _FEET = 12.0, 7.0  # of a single standing foot, and of all of them together
_BODY, _POSTURE = 8.0, 12.0  # of people who stand straight, and the middle of all that others do
_PITCH, _ROLL = 25.0, 12.0  # of cameras
_BIAS = 6.0  # of the network's poses and depths together, which no number of feet takes away
_STRAIGHT = 0.93  # cosine between thigh, shin and trunk of who stands straight
_UPRIGHT = 0.5  # cosine between a direction and a level camera's up; what lies farther off does not stand
_TOUCHES = 0.04  # meters above the floor below which a part of the body is carried by it
_ROUNDS = 20
_PASSES = 4

_NECK = JOINT_NAMES.index("neck")
_ANKLES, _KNEES = ([JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right")] for joint in ("ankle", "knee"))


def find_floor(clip: MotionClip, body: BodyData) -> Floor | None:
    """The floor on which everybody stands; a level one where the feet do not tell; None where no foot ever stands.

    Args:
        clip: motion with locked feet; otherwise contacts waver with the root.
    """
    floor: Floor | None = None
    looks = [_Look(person, body, clip.fps, clip.camera_positions(person.frames)) for person in clip.people]
    for _ in range(_PASSES):  # first by speed alone, then with the height above that floor
        cues = [_Cues.of(look, floor) for look in looks]
        soles = np.concatenate([cue.soles for cue in cues] or [np.zeros((0, 3))])
        if len(soles) == 0:
            return floor
        feet = np.concatenate([cue.feet for cue in cues])
        bodies = np.concatenate([cue.bodies for cue in cues])
        postures = np.array([cue.posture for cue in cues])
        balances = [cue.balance for cue in cues if cue.balance is not None]
        floor = fit_floor(soles, feet, bodies, postures, balances)
        lines = clip.vertical
        # Lines alone may take a beam on the floor for a post; people tell that much.
        if lines is not None and lines.error < SURE_LINES and lines.up @ floor.up > _UPRIGHT:
            confidence = 1 - float(np.exp(-((GOOD / lines.error) ** 2)))
            floor = Floor(lines.up, -float(np.median(soles @ lines.up)), confidence)
    assert floor is not None
    if floor.confidence < TRUSTED:
        return Floor(LEVEL, -float(np.median(soles @ LEVEL)), floor.confidence)
    return floor


def fit_floor(
    soles: np.ndarray,
    feet: np.ndarray,
    bodies: np.ndarray,
    postures: np.ndarray,
    balances: Sequence[Balance] = (),
) -> Floor:
    """The most likely floor.

    Args:
        soles: [K, 3] where soles stood, camera frame, meters; at least one.
        feet: [F, 3] unit vectors out of the backs of feet that stood on heel and toe.
        bodies: [B, 3] unit vectors along people who stood straight, one a stretch of the clip.
        postures: [P, 3] the same along each person, the middle of all their frames; for clips without such stretches.
        balances: of everybody whom something carried.
    """
    cues, certainties = [LEVEL], [np.diag(np.radians([_ROLL, _PITCH, _PITCH]) ** -2.0)]
    # Who lies or crawls has the feet upside down; the other feet, and bodies, are doubted then.
    upright_ones = (bodies, 0.0, _BODY) if len(bodies) else (postures, 0.0, _POSTURE)
    for directions, one, all_of_them in ((feet, _FOOT, _FEET), upright_ones):
        standing = directions[directions @ LEVEL > _UPRIGHT]
        if len(standing):
            error = np.hypot(all_of_them, one / np.sqrt(len(standing))) * len(directions) / len(standing)
            cues.append(_middle(standing))
            certainties.append(np.eye(3) / np.radians(error) ** 2)
    for balance in balances:
        if balance.up @ LEVEL > _UPRIGHT:
            cues.append(balance.up)
            certainties.append(np.eye(3) / np.radians(balance.error) ** 2)
    up = np.linalg.solve(sum(certainties), sum(certain @ cue for certain, cue in zip(certainties, cues, strict=True)))
    up /= np.linalg.norm(up)
    height = -float(np.median(soles @ up))
    for _ in range(_ROUNDS):
        tangent = np.linalg.svd(up[None])[2][1:]  # [2, 3]
        away = (soles @ up + height) / _SOLE
        weights = 1 / (1 + (away / 2) ** 2)
        # Unknowns: a turn of up by tangent^T a, and the height.
        slopes = np.column_stack([soles @ tangent.T, np.ones(len(soles))]) / _SOLE
        normal = (slopes * weights[:, None]).T @ slopes
        pull = (slopes * weights[:, None]).T @ -away
        for cue, certain in zip(cues, certainties, strict=True):
            normal[:2, :2] += tangent @ certain @ tangent.T
            pull[:2] += tangent @ certain @ (cue - up)
        step = np.linalg.solve(normal, pull)
        up = up + step[:2] @ tangent
        up /= np.linalg.norm(up)
        height += float(step[2])
        if np.abs(step).max() < 1e-9:
            break
    # A fit worse than expected is trusted less: variances grow with the squares of the disagreement.
    disagreement = [(cue - up) @ certain @ (cue - up) for cue, certain in zip(cues, certainties, strict=True)]
    excess = max(1.0, float((weights * away**2).sum() / weights.sum()), float(np.mean(disagreement)))
    spread = np.linalg.inv(normal)[:2, :2] * excess
    confidence = 1 - np.exp(-(np.radians(GOOD) ** 2) / (np.trace(spread) + 2 * np.radians(_BIAS) ** 2))
    return Floor(up, height, float(confidence))


class _Look:
    """One person's motion as every pass looks at it; computed once, for that takes the time."""

    def __init__(self, person: PersonMotion, body: BodyData, fps: float, camera: np.ndarray) -> None:
        poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
        bones, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
        self.fps = fps
        below = sole_vertices(body)
        points = surface_points(person, body, np.concatenate([below, body.markers]), bones)
        self.soles, self.surface = np.split(points, [len(below)], axis=1)
        self.sole_speed, self.surface_speed = (point_speed(part, fps, camera) for part in (self.soles, self.surface))
        self.foot_axes = bones[:, ANKLES][..., :3, 1]  # [N, 4, 3] where the T-pose's y axis points now
        self.body_axes, self.upright = body_axis(joints), upright(joints)
        self.posture = _middle(body_axis(joints, _KNEES))
        self.mass, self.on_legs = center_of_mass(joints) + person.trans, on_legs(joints) & legs_seen(person)


class _Cues:
    """What one person's motion tells about up; see `fit_floor`."""

    def __init__(
        self, soles: np.ndarray, feet: np.ndarray, bodies: np.ndarray, posture: np.ndarray, balance: Balance | None
    ) -> None:
        self.soles, self.feet, self.bodies, self.posture, self.balance = soles, feet, bodies, posture, balance

    @classmethod
    def of(cls, look: _Look, floor: Floor | None) -> "_Cues":
        stands = find_contacts(look.soles, look.fps, floor, look.sole_speed)
        soles = [
            look.soles[first:end, point].mean(0)
            for point in range(stands.shape[1])
            for first, end in true_runs(stands[:, point])
        ]
        feet = [
            _middle(look.foot_axes[first:end, heel])
            for heel in (0, 2)
            for first, end in true_runs(stands[:, heel] & stands[:, heel + 1])
        ]
        bodies = [_middle(look.body_axes[first:end]) for first, end in true_runs(look.upright & stands.any(1))]
        points, carries = look.soles, stands
        if floor is not None:  # who lies, sits or crawls rests on other parts than the soles
            soles += list(supports(look.surface, look.surface_speed, floor))
            points = np.concatenate([points, look.surface], 1)
            carries = np.concatenate([carries, floor.heights(look.surface) < _TOUCHES], 1)
        found = [np.array(cue).reshape(-1, 3) for cue in (soles, feet, bodies)]
        balance = find_balance(look.mass, points, carries & look.on_legs[:, None], look.fps)
        return cls(found[0], found[1], found[2], look.posture, balance)


def upright(joints: np.ndarray) -> np.ndarray:
    """[N, 24, 3] -> [N] bool: trunk and both legs lie on one line, nearly."""
    axis = body_axis(joints)
    parts = [joints[:, _NECK] - joints[:, 0]]
    parts += [joints[:, upper] - joints[:, lower] for upper, lower in _LEG_BONES]
    cosines = [(part * axis).sum(-1) / np.linalg.norm(part, axis=-1) for part in parts]
    return np.min(cosines, axis=0) > _STRAIGHT


def body_axis(joints: np.ndarray, below: Sequence[int] = _ANKLES) -> np.ndarray:
    """[N, 24, 3] -> [N, 3] unit vectors from between the ankles, or other joints, to the neck."""
    axis = joints[:, _NECK] - joints[:, list(below)].mean(1)
    return axis / np.linalg.norm(axis, axis=-1, keepdims=True)


def _middle(directions: np.ndarray) -> np.ndarray:
    """The direction [3] with the least sum of distances from unit vectors [K, 3] (Weiszfeld's iterations)."""
    middle = directions.mean(0)
    for _ in range(_ROUNDS):
        weights = 1 / np.maximum(np.linalg.norm(directions - middle, axis=1), 1e-3)
        middle = weights @ directions / weights.sum()
    return middle / max(float(np.linalg.norm(middle)), 1e-9)


_LEG_BONES = [
    (JOINT_NAMES.index(f"{side}_{upper}"), JOINT_NAMES.index(f"{side}_{lower}"))
    for side in ("left", "right")
    for upper, lower in (("hip", "knee"), ("knee", "ankle"))
]
