"""Hands in contact: where they are, and when a hand rests.

A user marks the contacts of hands (tar_core/edits.py). They are not found automatically: a hand that rests in the air
moves as little as one on a table.
"""

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import END_SPEED, ORIGIN, point_speed, surface_points
from tar_core.cleanup.kinematics import outermost_vertices
from tar_core.filters import true_runs
from tar_core.motion import Floor, PersonMotion
from tar_core.skeleton import JOINT_NAMES, pose_skeleton

PALMS = [JOINT_NAMES.index(f"{side}_hand") for side in ("left", "right")]  # the knuckles of the middle fingers


def palm_points(person: PersonMotion, body: BodyData) -> np.ndarray:
    """Positions of the palms in the camera frame, [N, 2, 3] meters."""
    poses = person.poses.reshape(len(person), -1, 3).astype(np.float64)
    _, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    return joints[:, PALMS] + person.trans[:, None]


def hand_heights(person: PersonMotion, body: BodyData, bones: np.ndarray, floor: Floor) -> np.ndarray:
    """Heights [N, 2] of the lowest points of the hands above the floor, meters.

    Args:
        person: the motion.
        body: the body of the motion.
        bones: [N, 24, 4, 4] of the poses, from `pose_skeleton`.
        floor: the floor.
    """
    vertices = outermost_vertices(body)
    part = body.weights[vertices].argmax(1)
    of_hands = [vertices[part == palm] for palm in PALMS]
    heights = floor.heights(surface_points(person, body, np.concatenate(of_hands), bones))
    return np.stack([rows.min(1) for rows in np.split(heights, [len(of_hands[0])], axis=1)], 1)


def resting_range(
    person: PersonMotion, body: BodyData, fps: float, hand: int, row: int, camera: np.ndarray = ORIGIN
) -> tuple[int, int] | None:
    """The rows around one of them in which a hand hardly moves, the end excluded; None if it moves there.

    Args:
        person: the motion.
        body: the body of the motion.
        fps: frame rate.
        hand: 0 for the left hand, 1 for the right hand.
        row: index of a frame of the motion.
        camera: [N, 3] or constant [3] position of the camera, meters.
    """
    speed = point_speed(palm_points(person, body)[:, [hand]], fps, camera)[:, 0]
    return next(((first, end) for first, end in true_runs(speed < END_SPEED) if first <= row < end), None)
