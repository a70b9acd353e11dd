"""People who lean towards the camera or away from it, put right by their balance.

One camera hardly shows how far a body leans along the line of sight, and before cameras that look down the network
takes people for too upright. Where the picture's straight lines tell where up is, balance (balance.py) tells what the
lean is off by: whoever stands on their legs has the center of mass above the feet. Everybody is turned about the pelvis
by the part of it that lies along the line of sight, in all frames alike, and moved so that they cover the same pixels
as nearly as they can. Both the network's lean and balance err; the turn is the likeliest between the two.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.cleanup.center_of_mass import Balance, center_of_mass, find_balance, on_legs
from tar_core.cleanup.contacts import find_contacts, point_speed, sole_vertices, surface_points
from tar_core.cleanup.ground_plane import SURE_LINES
from tar_core.cleanup.uncertainty import legs_seen
from tar_core.motion import Floor, MotionClip, PersonMotion, Vertical
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import NUM_JOINTS, pose_skeleton

_LEAN = 6.0  # degrees by which the network is expected to be off
_FARTHEST = 20.0  # degrees; who is farther out of balance leans on something, or hangs from it


def correct_clip_lean(clip: MotionClip, body: BodyData) -> MotionClip:
    """Everybody's lean put right, once; a floor that was found before is to be found anew.

    The clip stays as it is where nothing sure tells up, and where the camera moves.
    """
    vertical = clip.vertical
    if clip.lean_corrected or vertical is None or vertical.error >= SURE_LINES or clip.camera_trajectory is not None:
        return clip
    people = [correct_person_lean(person, body, clip.fps, vertical) for person in clip.people]
    return replace(clip, people=people, floor=None, lean_corrected=True)


def correct_person_lean(person: PersonMotion, body: BodyData, fps: float, vertical: Vertical) -> PersonMotion:
    """One person's lean put right.

    Args:
        vertical: up in the camera frame, the same in all frames.
    """
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    rest = rest_joints(body, person.betas.astype(np.float64))
    bones, joints = pose_skeleton(poses, rest)
    joints = joints + person.trans[:, None]
    soles = surface_points(person, body, sole_vertices(body), bones)
    balance = balance_of(joints, soles, legs_seen(person), fps, vertical.up)
    if balance is None or balance.up @ vertical.up < np.cos(np.radians(_FARTHEST)):
        return person
    turn = axis_angle_to_matrix(lean(balance, vertical, joints[:, 0].mean(0)))
    poses[:, 0] = matrix_to_axis_angle(turn @ axis_angle_to_matrix(poses[:, 0]))
    turned = (joints - joints[:, :1]) @ turn.T + joints[:, :1]
    shift = same_pixels(turned, joints[..., :2] / joints[..., 2:])
    return replace(
        person,
        poses=poses.reshape(len(person), -1).astype(person.poses.dtype),
        trans=(person.trans + shift).astype(person.trans.dtype),
    )


def balance_of(joints: np.ndarray, soles: np.ndarray, seen: np.ndarray, fps: float, up: np.ndarray) -> Balance | None:
    """What a person's feet and mass tell of up; None if they never stand on their legs.

    Args:
        joints: [N, 24, 3], soles: [N, 4, 3] theirs in the camera frame, meters.
        seen: [N] bool: whether their legs are, and not guessed.
        up: [3], about; which feet are on the floor hangs on it.
    """
    speed = point_speed(soles, fps)
    slow = find_contacts(soles, fps, speed=speed)
    if not slow.any():
        return None
    floor = Floor(up, -float(np.median(soles[slow] @ up)))
    carries = find_contacts(soles, fps, floor, speed) & (seen & on_legs(joints))[:, None]
    return find_balance(center_of_mass(joints), soles, carries, fps)


def lean(balance: Balance, vertical: Vertical, place: np.ndarray) -> np.ndarray:
    """[3] axis-angle by which a person at `place` [3] is to be turned: likeliest, and only along the line of sight."""
    sight = place / np.linalg.norm(place)
    whole = matrix_to_axis_angle(rotation_between(balance.up, vertical.up))
    share = _LEAN**2 / (_LEAN**2 + balance.error**2 + vertical.error**2)
    return np.asarray(share * (whole - (whole @ sight) * sight))


def same_pixels(points: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """[N, 3] by how much points [N, P, 3] are to be moved to lie on pixels [N, P, 2] (x / z, y / z), by least squares.

    x + t_x = u (z + t_z) and y + t_y = v (z + t_z) are linear in t.
    """
    u, v = pixels[..., 0], pixels[..., 1]
    one, none = np.ones_like(u), np.zeros_like(u)
    rows = np.concatenate([np.stack([one, none, -u], -1), np.stack([none, one, -v], -1)], 1)  # [N, 2 P, 3]
    off = np.concatenate([u * points[..., 2] - points[..., 0], v * points[..., 2] - points[..., 1]], 1)
    transposed = rows.swapaxes(1, 2)
    return np.linalg.solve(transposed @ rows, transposed @ off[..., None])[..., 0]
