"""Hands in contact: where they are, how far wrists turn, and when a hand rests.

A user marks the contacts of hands (tar_core/edits.py). They are not found automatically: a hand that rests in the air
moves as little as one on a table.
"""

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import END_SPEED, ORIGIN, point_speed, surface_points
from tar_core.cleanup.kinematics import outermost_vertices
from tar_core.cleanup.limb_ik import ARMS
from tar_core.filters import true_runs
from tar_core.motion import Floor, PersonMotion
from tar_core.rotations import axis_angle_to_quaternion, quaternion_product, quaternion_to_axis_angle, twist_angle
from tar_core.skeleton import JOINT_NAMES, pose_skeleton

PALMS = [JOINT_NAMES.index(f"{side}_hand") for side in ("left", "right")]  # the knuckles of the middle fingers

_MAX_BEND, _MAX_TWIST = np.radians(85), np.radians(90)  # of a wrist; one that turns further may stay so


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


def limit_wrists(poses: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Turn wrists back to the limits of the joint, or to where they were before if that is further.

    Args:
        poses: [N, 24, 3] axis-angle.
        before: [N, 24, 3] the poses before hands were held.
    """
    limited = poses.copy()
    for _, _, wrist in ARMS:
        bend, twist = _bend_and_twist(poses[:, wrist])
        angle = np.linalg.norm(bend, axis=1, keepdims=True)
        bend_before, twist_before = _bend_and_twist(before[:, wrist])
        most = np.maximum(_MAX_BEND, np.linalg.norm(bend_before, axis=1, keepdims=True))
        most_twist = np.maximum(_MAX_TWIST, np.abs(twist_before))
        is_far = (angle[:, 0] > most[:, 0]) | (np.abs(twist) > most_twist)
        bend, twist = bend * np.minimum(1, most / angle.clip(1e-9)), twist.clip(-most_twist, most_twist)
        about_arm = np.stack([twist, 0 * twist, 0 * twist], 1)
        turned = quaternion_product(axis_angle_to_quaternion(bend), axis_angle_to_quaternion(about_arm))
        limited[is_far, wrist] = quaternion_to_axis_angle(turned)[is_far]
    return limited


def _bend_and_twist(wrist: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split rotations [N, 3] of a wrist into a bend [N, 3], and a twist [N] about the arm before it, the x axis."""
    quaternion = axis_angle_to_quaternion(wrist)
    twist = twist_angle(quaternion, np.array([1.0, 0, 0]))
    untwisted = axis_angle_to_quaternion(np.stack([-twist, 0 * twist, 0 * twist], 1))
    return np.asarray(quaternion_to_axis_angle(quaternion_product(quaternion, untwisted))), twist


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
