"""Motions of the world benchmark: recordings, chains of recordings, and motions between key poses.

A motion is named by a formula: `cmu/005_01` (a recording), `cmu/005_05*2` (repeated), `a+b` (one after the other),
`deepmimic/getup_faceup[0:90]` (frames 0 to 90, held at the first frame for as long as `hold` says: `hold30:...`), or
`made/serve` (between key poses, the table MADE).
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, minimum_filter1d

from benchmarks.recordings import ANKLES, in_world, place_on_floor, sitting_down
from benchmarks.world.gestures import gestures
from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import surface_points
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp,
)
from tar_core.skeleton import NUM_JOINTS, pose_skeleton
from tar_core.synthetic.key_poses import LOW, ON_THE_GROUND, STANDING, ease, pose_from_degrees
from tar_core.synthetic.motions import FPS, Motion, leg_length, mirrored, with_legs

KEY_POSES = STANDING | LOW | ON_THE_GROUND
SIMILAR = 0.15  # mean rotation of the joints between two poses, radians, below which a chain needs no transition
SETTLING = 0.7  # seconds; longer than a leap
SHORT, LONG = 2, 14  # frames of a transition between similar and other poses


@dataclass(frozen=True)
class Key:
    """A key pose at a time; `hop` is the height of a jump that starts here and ends at the next key, meters."""

    seconds: float
    pose: str
    hop: float = 0.0


_SERVE = (
    Key(0, "stand"),
    Key(0.5, "guard"),
    Key(1.1, "throw"),
    Key(1.35, "half squat"),
    Key(1.6, "reach up one arm", 0.22),
    Key(2.0, "bow"),
    Key(2.6, "stand"),
)
MADE: dict[str, tuple[Key, ...]] = {
    "serve": (*_SERVE, *(replace(key, seconds=key.seconds + 2.8) for key in _SERVE)),
    "lie": (
        *(Key(0, "stand"), Key(0.9, "squat"), Key(2.1, "sit on the floor"), Key(3.4, "on the back")),
        *(Key(4.0, "on the back"), Key(5.3, "on the side"), Key(5.7, "on the side"), Key(7.0, "on the front")),
    ),
    "floor_exercise": (
        *(Key(0, "all fours"), Key(1.0, "plank"), Key(1.8, "push-up"), Key(2.6, "plank"), Key(3.4, "all fours")),
        *(Key(4.2, "sit on the heels"), Key(5.2, "tailor seat"), Key(6.2, "tailor seat")),
    ),
    "hold": (
        *(Key(0, "reach forwards"), Key(1.2, "carry"), Key(2.2, "reach forwards"), Key(3.2, "carry")),
        *(Key(4.2, "side bend"), Key(5.2, "reach forwards")),
    ),
    "stand_arms": (
        *(Key(0, "stand"), Key(0.8, "arms crossed"), Key(2.0, "arms crossed"), Key(2.8, "hands behind the head")),
        *(Key(3.8, "hands on hips"), Key(4.8, "stand")),
    ),
}


def build_motion(formula: str, recordings: Mapping[str, Motion], body: BodyData) -> Motion:
    """Make the motion of a formula (see the module) for a body, with its feet on the floor y = 0.

    Args:
        recordings: by name.
        body: the person's own body: zero betas give the person's shape.

    Raises:
        KeyError: a recording is missing.
    """
    rest = rest_joints(body, np.zeros(10))
    parts: list[Motion] = []
    for term in formula.split("+"):
        match = re.fullmatch(r"(?:hold(\d+):)?(~?)([\w/]+)(?:\[(\d+):(\d+)\])?(?:\*(\d+))?", term)
        if match is None:
            raise KeyError(term)
        hold, mirror, name, first, end, times = match.groups()
        motion = _named(name, recordings, rest)
        if first is not None:
            part = slice(int(first), int(end))
            motion = replace(motion, poses=motion.poses[part], trans=motion.trans[part])
        if mirror:
            motion = mirrored(motion)
        if hold:
            rows = np.concatenate([np.zeros(int(hold), int), np.arange(len(motion))])
            motion = replace(motion, poses=motion.poses[rows], trans=motion.trans[rows])
        parts += [motion] * int(times or 1)
    return settle(place_on_floor(replace(chain(parts), name=formula), body), body)


def settle(motion: Motion, body: BodyData) -> Motion:
    """Lower a motion slowly where no part of the body touches the floor y = 0 for SETTLING; jumps stay in the air.

    Recorded people stand on their toes above the floor of those who stand on their soles, because their feet differ.
    """
    vertices = np.arange(0, len(body.v_template), 5)
    lowest = surface_points(in_world(motion, body), body, vertices)[..., 1].min(1)
    window = 2 * round(SETTLING * FPS / 2) + 1
    floating = gaussian_filter1d(minimum_filter1d(np.maximum(lowest, 0), window, mode="nearest"), window / 3)
    return replace(motion, trans=motion.trans - floating[:, None] * [0, 1, 0])


def _named(name: str, recordings: Mapping[str, Motion], rest: np.ndarray) -> Motion:
    if name == "made/sit_down":
        return sitting_down(rest)
    if name.startswith("gestures/"):
        return gestures(int(name.removeprefix("gestures/")), rest)
    if name.startswith("made/"):
        return between_key_poses(MADE[name.removeprefix("made/")], rest)
    return with_legs(recordings[name], leg_length(rest))


def chain(parts: Sequence[Motion]) -> Motion:
    """Play motions one after the other: each starts where the last ended, facing the same way."""
    result = parts[0]
    for part in parts[1:]:
        turn = _rotation_y(_facing(result.poses[-1]) - _facing(part.poses[0]))
        poses = _turned(part.poses, turn)
        change = axis_angle_to_matrix(result.poses[-1]).swapaxes(-1, -2) @ axis_angle_to_matrix(poses[0])
        similar = np.linalg.norm(matrix_to_axis_angle(change), axis=-1).mean() < SIMILAR
        steps = SHORT if similar else LONG
        trans = part.trans @ turn.T
        speed = (_end_velocity(result.trans) + _end_velocity(trans[::-1]) * -1) / 2
        start = result.trans[-1] + speed * (steps + 1) * [1, 0, 1]
        trans = trans - trans[0] * [1, 0, 1] + start * [1, 0, 1]
        fraction = np.arange(1, steps + 1) / (steps + 1)
        ends = axis_angle_to_quaternion(result.poses[-1]), axis_angle_to_quaternion(poses[0])
        between = quaternion_to_axis_angle(slerp(*ends, fraction[:, None] * np.ones(NUM_JOINTS)))
        path = result.trans[-1] + fraction[:, None] * (trans[0] - result.trans[-1])
        result = replace(
            result,
            poses=np.concatenate([result.poses, between, poses]),
            trans=np.concatenate([result.trans, path, trans]),
        )
    return result


def between_key_poses(keys: Sequence[Key], rest: np.ndarray) -> Motion:
    """Move between key poses with ease in and out; the ankles' mean stays at one place of the floor."""
    pieces, heights = [], []
    for key, following in itertools.pairwise(keys):
        steps = round((following.seconds - key.seconds) * FPS)
        time = np.arange(steps) / max(steps, 1)
        fraction = ease(steps)
        ends = (axis_angle_to_quaternion(pose_from_degrees(KEY_POSES[one.pose])) for one in (key, following))
        pieces.append(quaternion_to_axis_angle(slerp(*ends, fraction[:, None] * np.ones(NUM_JOINTS))))
        heights.append(4 * key.hop * time * (1 - time))
    poses = np.concatenate(pieces)
    joints = pose_skeleton(poses, rest)[1]
    trans = joints[:, 0] - joints[:, ANKLES].mean(1)
    trans[:, 1] = joints[:, 0, 1] - joints[..., 1].min(1) + 0.05 + np.concatenate(heights)
    return Motion("made", poses, trans, FPS, leg_length(rest))


def turned(motion: Motion, degrees: float) -> Motion:
    """Rotate a motion about the vertical axis: what moves along +z moves along +x after 90 degrees."""
    turn = _rotation_y(np.radians(degrees))
    return replace(motion, poses=_turned(motion.poses, turn), trans=motion.trans @ turn.T)


def _turned(poses: np.ndarray, turn: np.ndarray) -> np.ndarray:
    poses = poses.copy()
    poses[:, 0] = matrix_to_axis_angle(turn @ axis_angle_to_matrix(poses[:, 0]))
    return poses


def _facing(pose: np.ndarray) -> float:
    """Direction in which the pelvis faces, about the vertical axis; radians."""
    forward = axis_angle_to_matrix(pose[0]) @ np.array([0.0, 0, 1])
    return float(np.arctan2(forward[0], forward[2]))


def _end_velocity(trans: np.ndarray) -> np.ndarray:
    """Mean velocity [3] over the last five frames, meters per frame."""
    return (trans[-1] - trans[-5]) / 4


def _rotation_y(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
