"""Lean correction: corrects leaning along the line of sight by the balance of the body.

A single camera hardly shows how far a body leans along the line of sight, and with a camera that looks down, the
network estimates people too upright. If the vertical is known from the image, balance (center_of_mass.py) gives the
error of the lean: the center of mass of a person who stands is above the feet. All frames of a person are rotated about
the pelvis by the same rotation, about axes perpendicular to the line of sight only, and translated so that the body
covers the same pixels as well as possible. Both the network's lean and the balance have errors; the rotation is the
most likely one between the two.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.center_of_mass import Balance, center_of_mass, find_balance, is_on_legs
from tar_core.cleanup.contacts import find_contacts, point_speed, sole_vertices, surface_points
from tar_core.cleanup.ground_plane import MAX_VERTICAL_ERROR
from tar_core.cleanup.uncertainty import has_reliable_legs
from tar_core.motion import Floor, MotionClip, PersonMotion, Vertical
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import NUM_JOINTS, pose_skeleton

_LEAN_ERROR = 6.0  # degrees; expected error of the network's lean
_MAX_LEAN = 20.0  # degrees; a person who is farther out of balance leans on or hangs from something


def correct_clip_lean(clip: MotionClip, body: BodyData) -> MotionClip:
    """Correct the lean of all people in a clip.

    The clip is returned unchanged if its lean is already corrected, the vertical is unreliable or the camera moves.
    Otherwise its floor, if any, is removed, since it is no longer valid.
    """
    vertical = clip.vertical
    if vertical is None or vertical.error >= MAX_VERTICAL_ERROR:
        return clip
    if clip.lean_corrected or clip.camera_trajectory is not None:
        return clip
    people = [correct_person_lean(person, body, clip.fps, vertical) for person in clip.people]
    return replace(clip, people=people, floor=None, lean_corrected=True)


def correct_person_lean(person: PersonMotion, body: BodyData, fps: float, vertical: Vertical) -> PersonMotion:
    """Correct the lean of one person.

    Args:
        person: the motion.
        body: the body of the motion.
        fps: frame rate.
        vertical: in the camera frame, the same for all frames.
    """
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    rest = rest_joints(body, person.betas.astype(np.float64))
    bones, joints = pose_skeleton(poses, rest)
    joints = joints + person.trans[:, None]
    soles = surface_points(person, body, sole_vertices(body), bones)
    balance = estimate_balance(joints, soles, has_reliable_legs(person), fps, vertical.up)
    if balance is None or balance.up @ vertical.up < np.cos(np.radians(_MAX_LEAN)):
        return person
    rotation = axis_angle_to_matrix(correcting_rotation(balance, vertical, joints[:, 0].mean(0)))
    poses[:, 0] = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(poses[:, 0]))
    rotated = (joints - joints[:, :1]) @ rotation.T + joints[:, :1]
    shift = translation_to_pixels(rotated, joints[..., :2] / joints[..., 2:])
    return replace(
        person,
        poses=poses.reshape(len(person), -1).astype(person.poses.dtype),
        trans=(person.trans + shift).astype(person.trans.dtype),
    )


def estimate_balance(
    joints: np.ndarray, soles: np.ndarray, has_legs: np.ndarray, fps: float, up: np.ndarray
) -> Balance | None:
    """Estimate the vertical from the balance of one person on their feet.

    Args:
        joints: [N, 24, 3] in the camera frame, meters.
        soles: [N, 4, 3] in the camera frame, meters.
        has_legs: [N] bool; whether the legs are reliable.
        fps: frame rate.
        up: [3] approximate vertical, from which the contacts with the floor are found.

    Returns:
        The estimate; None if the person never stands on their legs.
    """
    speed = point_speed(soles, fps)
    slow = find_contacts(soles, fps, speed=speed)
    if not slow.any():
        return None
    floor = Floor(up, -float(np.median(soles[slow] @ up)))
    is_support = find_contacts(soles, fps, floor, speed) & (has_legs & is_on_legs(joints))[:, None]
    return find_balance(center_of_mass(joints), soles, is_support, fps)


def correcting_rotation(balance: Balance, vertical: Vertical, position: np.ndarray) -> np.ndarray:
    """The most likely rotation that corrects the lean of a person, without rotation about the line of sight.

    Args:
        balance: the vertical as estimated from balance.
        vertical: the vertical as known from the image.
        position: [3] of the person, camera frame.

    Returns:
        [3] axis-angle, radians.
    """
    sight = position / np.linalg.norm(position)
    full = matrix_to_axis_angle(rotation_between(balance.up, vertical.up))
    weight = _LEAN_ERROR**2 / (_LEAN_ERROR**2 + balance.error**2 + vertical.error**2)
    return np.asarray(weight * (full - (full @ sight) * sight))


def translation_to_pixels(points: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """The translation that moves points to pixels, by linear least squares.

    x + t_x = u (z + t_z) and y + t_y = v (z + t_z) are linear in t.

    Args:
        points: [N, P, 3].
        pixels: [N, P, 2] normalized image coordinates x / z, y / z.

    Returns:
        [N, 3].
    """
    u, v = pixels[..., 0], pixels[..., 1]
    one, zero = np.ones_like(u), np.zeros_like(u)
    rows = np.concatenate([np.stack([one, zero, -u], -1), np.stack([zero, one, -v], -1)], 1)  # [N, 2 P, 3]
    right = np.concatenate([u * points[..., 2] - points[..., 0], v * points[..., 2] - points[..., 1]], 1)
    transposed = rows.swapaxes(1, 2)
    return np.linalg.solve(transposed @ rows, transposed @ right[..., None])[..., 0]
