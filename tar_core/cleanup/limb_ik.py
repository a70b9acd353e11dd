"""Two-bone inverse kinematics of legs and arms: moves ankles and wrists, keeps the orientation of feet and hands."""

from collections.abc import Sequence

import numpy as np

from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import JOINT_NAMES, PARENTS, pose_skeleton

_SIDES = ("left", "right")
# Hip, knee and ankle of each leg; shoulder, elbow and wrist of each arm.
LEGS = [[JOINT_NAMES.index(f"{side}_{joint}") for joint in ("hip", "knee", "ankle")] for side in _SIDES]
ARMS = [[JOINT_NAMES.index(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist")] for side in _SIDES]

# Axes about which SMPL's knees and elbows bend, in the frame of the bone above.
_BEND_AXES = {knee: np.array([1.0, 0, 0]) for _, knee, _ in LEGS}
_BEND_AXES |= {elbow: np.array([0, sign, 0]) for (_, elbow, _), sign in zip(ARMS, (-1.0, 1.0), strict=True)}
_BEND_AXIS_WEIGHT = 1e-3  # of this axis against the one given by the pose; it decides only for a straight limb

_MAX_EXTENSION = 0.999  # of the limb's length; a limb is not stretched further, so that it does not snap straight
_MAX_BEND = np.radians(150)  # of a knee or an elbow; a limb that is bent further may stay so


def move_limbs(
    poses: np.ndarray,
    rest_joints: np.ndarray,
    limbs: Sequence[Sequence[int]],
    displacements: np.ndarray,
    stiffness: float = 0.0,
) -> np.ndarray:
    """Move the ends of limbs by rotating the joints of the limbs only.

    Args:
        poses: [N, 24, 3] axis-angle.
        rest_joints: [24, 3] joints of the T-pose, meters.
        limbs: L of LEGS and ARMS.
        displacements: [N, L, 3] of the ends, meters, in the frame in which the global orientation is given. A limb
            moves only as far as it reaches.
        stiffness: see `bend_limb`.

    Returns:
        [N, 24, 3]; limbs with a displacement of zero are unchanged.
    """
    bones, joints = pose_skeleton(poses, rest_joints)
    world = bones[..., :3, :3]
    moved = poses.astype(np.float64)
    for (top, middle, end), displacement in zip(limbs, displacements.swapaxes(0, 1), strict=True):
        changed = np.linalg.norm(displacement, axis=-1) > 0
        if not changed.any():
            continue
        upper, lower = joints[:, middle] - joints[:, top], joints[:, end] - joints[:, middle]
        axis = world[:, top] @ _BEND_AXES[middle]
        at_top, at_middle = bend_limb(upper, lower, upper + lower + displacement, axis, stiffness)
        new_world = {
            top: at_top @ world[:, top],
            middle: at_top @ at_middle @ world[:, middle],
            end: world[:, end],
        }
        parent = world[:, PARENTS[top]]
        for joint, rotation in new_world.items():
            local = matrix_to_axis_angle(parent.swapaxes(-1, -2) @ rotation)
            moved[changed, joint] = local[changed]
            parent = rotation
    return moved


def turn_ends(poses: np.ndarray, bones: np.ndarray, limbs: Sequence[Sequence[int]], turns: np.ndarray) -> np.ndarray:
    """Rotate feet and hands by rotating ankles and wrists.

    Args:
        poses: [N, 24, 3] axis-angle.
        bones: [N, 24, 4, 4] of the poses, from `pose_skeleton`.
        limbs: L of LEGS and ARMS.
        turns: [N, L, 3] axis-angle rotations of the ends, in the frame of the bones.

    Returns:
        [N, 24, 3]; ends with a rotation of zero are unchanged.
    """
    world, turned = bones[..., :3, :3], poses.astype(np.float64)
    for number, (_, _, end) in enumerate(limbs):
        changed = np.linalg.norm(turns[:, number], axis=1) > 0
        parent, own = world[changed, PARENTS[end]], world[changed, end]
        rotations = axis_angle_to_matrix(turns[changed, number])
        turned[changed, end] = matrix_to_axis_angle(parent.swapaxes(1, 2) @ rotations @ own)
    return turned


def bend_limb(
    upper: np.ndarray, lower: np.ndarray, target: np.ndarray, bend_axis: np.ndarray, stiffness: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the rotations of a limb that move its end to a target.

    The middle joint bends until the distance from the top to the end is right (law of cosines). Then the whole limb
    rotates about the top by the smallest rotation that moves the end to the target.

    Args:
        upper, lower: [N, 3] vectors from the top to the middle joint and from there to the end.
        target: [N, 3] vector from the top to the target; the end moves toward it as far as the limb reaches.
        bend_axis: [N, 3] unit vectors about which a straight limb bends.
        stiffness: meters per radian; 0 moves the end all the way. A nearly straight knee must rotate far to change
            the leg's length a little, and would snap. If its rate of change of length is equal to the stiffness, half
            of the change is applied; with a smaller rate, less.

    Returns:
        [N, 3, 3] rotation of the whole limb, and [N, 3, 3] rotation of the lower bone before it.
    """
    a, b = (float(np.linalg.norm(bone, axis=-1).mean()) for bone in (upper, lower))
    old, new = np.linalg.norm(upper + lower, axis=-1), np.linalg.norm(target, axis=-1)
    # A limb that is already bent or stretched further may stay so.
    shortest = np.sqrt(a * a + b * b + 2 * a * b * np.cos(_MAX_BEND))
    new = np.clip(new, np.minimum(old, shortest), np.maximum(old, _MAX_EXTENSION * (a + b)))
    if stiffness > 0:
        rate = length_rates(upper, lower)
        new = old + rate**2 / (rate**2 + stiffness**2) * (new - old)
    axis = np.cross(upper, lower) / (a * b) + _BEND_AXIS_WEIGHT * bend_axis
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    at_middle = np.asarray(axis_angle_to_matrix(axis * (_bend_angle(new, a, b) - _bend_angle(old, a, b))[:, None]))
    return rotation_between(upper + (at_middle @ lower[..., None])[..., 0], target), at_middle


def length_rates(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Change of a limb's length per radian of its middle joint [N], meters; 0 if it is straight. See `bend_limb`."""
    a, b = (float(np.linalg.norm(bone, axis=-1).mean()) for bone in (upper, lower))
    length = np.linalg.norm(upper + lower, axis=-1)
    return np.asarray(a * b * np.sin(_bend_angle(length, a, b)) / length)


def _bend_angle(distance: np.ndarray, a: float, b: float) -> np.ndarray:
    """Bend [N] of the middle joint, radians, from the distance [N] of the ends and the bone lengths; 0 if straight."""
    return np.pi - np.arccos(np.clip((a * a + b * b - distance**2) / (2 * a * b), -1, 1))
