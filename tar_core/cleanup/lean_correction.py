"""Lean correction: corrects leaning along the line of sight by the balance of the body.

A single camera hardly shows how far a body leans along the line of sight, and with a camera that looks down, the
network estimates people too upright. If the vertical is known from the image, balance (center_of_mass.py) gives the
error of the lean: the center of mass of a person who stands is above the feet. All frames of a person are rotated about
the pelvis by the same rotation, about axes perpendicular to the line of sight only, and translated so that the body
covers the same pixels as well as possible. Both the network's lean and the balance have errors; the rotation is the
most likely one between the two.

The line of sight turns if the camera or the person moves. So the balance is that of the body as seen from the camera,
and the rotation turns with the line of sight.
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
# Share of the frames with reliable legs in which a leg carries the body. Those who run are balanced over whole steps,
# of which only parts are found.
_MIN_SUPPORTED = 0.5
_MAX_LEAN = 20.0  # degrees; a person who is farther out of balance leans on or hangs from something


def correct_clip_lean(clip: MotionClip, body: BodyData) -> MotionClip:
    """Correct the lean of all people in a clip.

    The clip is returned unchanged if its lean is already corrected or the vertical is unreliable. Otherwise its floor,
    if any, is removed, since it is no longer valid.
    """
    vertical = clip.vertical
    if vertical is None or vertical.error >= MAX_VERTICAL_ERROR or clip.lean_corrected:
        return clip
    people = [
        correct_person_lean(
            person,
            body,
            clip.fps,
            vertical,
            clip.camera_rotations(person.frames),
            clip.camera_positions(person.frames),
        )
        for person in clip.people
    ]
    return replace(clip, people=people, floor=None, lean_corrected=True)


def correct_person_lean(
    person: PersonMotion, body: BodyData, fps: float, vertical: Vertical, cameras: np.ndarray, positions: np.ndarray
) -> PersonMotion:
    """Correct the lean of one person.

    Args:
        person: the motion.
        body: the body of the motion.
        fps: frame rate.
        vertical: in the clip's frame.
        cameras: [N, 3, 3] rotations from the clip's frame to the camera of each frame.
        positions: [N, 3] of the camera in the clip's frame, meters.
    """
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    rest = rest_joints(body, person.betas.astype(np.float64))
    bones, joints = pose_skeleton(poses, rest)
    joints = joints + person.trans[:, None]
    soles = surface_points(person, body, sole_vertices(body), bones)
    sight = joints[:, 0] - positions
    turns = turns_to_one_heading(sight, vertical.up)
    balance = estimate_balance(joints, soles, has_reliable_legs(person), fps, vertical.up, positions, turns)
    if balance is None or balance.up @ vertical.up < np.cos(np.radians(_MAX_LEAN)):
        return person
    direction = np.einsum("nab,nb->na", turns, sight).mean(0)
    rotation = axis_angle_to_matrix(correcting_rotation(balance, vertical, direction))
    rotations = turns.swapaxes(1, 2) @ rotation @ turns
    poses[:, 0] = matrix_to_axis_angle(rotations @ axis_angle_to_matrix(poses[:, 0]))
    seen = (joints - positions[:, None]) @ cameras.swapaxes(1, 2)
    rotated = (joints - joints[:, :1]) @ (cameras @ rotations).swapaxes(1, 2) + seen[:, :1]
    shift = translation_to_pixels(rotated, seen[..., :2] / seen[..., 2:])
    return replace(
        person,
        poses=poses.reshape(len(person), -1).astype(person.poses.dtype),
        trans=(person.trans + np.einsum("nba,nb->na", cameras, shift)).astype(person.trans.dtype),
    )


def turns_to_one_heading(sight: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Rotations [N, 3, 3] about the vertical after which a person is always seen in the same horizontal direction.

    Args:
        sight: [N, 3] from the camera to the person.
        up: [3] unit vector.
    """
    level = sight - (sight @ up)[:, None] * up
    return rotation_between(level, level[len(level) // 2])


def estimate_balance(
    joints: np.ndarray,
    soles: np.ndarray,
    has_legs: np.ndarray,
    fps: float,
    up: np.ndarray,
    camera: np.ndarray,
    turns: np.ndarray,
) -> Balance | None:
    """Estimate the vertical from the balance of one person on their feet.

    Args:
        joints: [N, 24, 3] in the clip's frame, meters.
        soles: [N, 4, 3] in the clip's frame, meters.
        has_legs: [N] bool; whether the legs are reliable.
        fps: frame rate.
        up: [3] approximate vertical, from which the contacts with the floor are found.
        camera: [N, 3] position of the camera, meters.
        turns: [N, 3, 3] rotations after which the body leans in the same direction in all frames.

    Returns:
        The estimate after these rotations; None if the person seldom stands on their legs.
    """
    speed = point_speed(soles, fps, camera)
    slow = find_contacts(soles, fps, speed=speed)
    if not slow.any() or not has_legs.any():
        return None
    floor = Floor(up, -float(np.median(soles[slow] @ up)))
    is_support = find_contacts(soles, fps, floor, speed) & (has_legs & is_on_legs(joints))[:, None]
    if is_support.any(1)[has_legs].mean() < _MIN_SUPPORTED:
        return None
    turned = turns.swapaxes(1, 2)
    return find_balance((center_of_mass(joints)[:, None] @ turned)[:, 0], soles @ turned, is_support, fps)


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
