"""Two-bone inverse kinematics of the legs: moves the ankles and keeps the orientation of the feet."""

import numpy as np

from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import JOINT_NAMES, PARENTS, pose_skeleton

# Hip, knee and ankle of each leg.
LEGS = [[JOINT_NAMES.index(f"{side}_{joint}") for joint in ("hip", "knee", "ankle")] for side in ("left", "right")]
_MAX_EXTENSION = 0.999  # of the leg's length; a leg is not stretched further, so that the knee does not snap straight
_KNEE_AXIS = np.array([1.0, 0, 0])  # axis about which SMPL's knees bend, in the thigh's frame
_KNEE_AXIS_WEIGHT = 1e-3  # of this axis against the one given by the pose; it decides only for a straight knee


def move_ankles(
    poses: np.ndarray, rest_joints: np.ndarray, displacements: np.ndarray, stiffness: float = 0.0
) -> np.ndarray:
    """Move the ankles by rotating hips, knees and ankles only.

    Args:
        poses: [N, 24, 3] axis-angle.
        rest_joints: [24, 3] joints of the T-pose, meters.
        displacements: [N, 2, 3] of the left and the right ankle, meters, in the frame in which the global orientation
            is given. A leg moves only as far as it reaches.
        stiffness: see `bend_legs`.

    Returns:
        [N, 24, 3]; legs with a displacement of zero are unchanged.
    """
    bones, joints = pose_skeleton(poses, rest_joints)
    world = bones[..., :3, :3]
    moved = poses.astype(np.float64)
    for (hip, knee, ankle), displacement in zip(LEGS, displacements.swapaxes(0, 1), strict=True):
        changed = np.linalg.norm(displacement, axis=-1) > 0
        if not changed.any():
            continue
        thigh, shin = joints[:, knee] - joints[:, hip], joints[:, ankle] - joints[:, knee]
        at_hip, at_knee = bend_legs(thigh, shin, thigh + shin + displacement, world[:, hip] @ _KNEE_AXIS, stiffness)
        new_world = {
            hip: at_hip @ world[:, hip],
            knee: at_hip @ at_knee @ world[:, knee],
            ankle: world[:, ankle],
        }
        parent = world[:, PARENTS[hip]]
        for joint, rotation in new_world.items():
            local = matrix_to_axis_angle(parent.swapaxes(-1, -2) @ rotation)
            moved[changed, joint] = local[changed]
            parent = rotation
    return moved


def bend_legs(
    thigh: np.ndarray, shin: np.ndarray, target: np.ndarray, knee_axis: np.ndarray, stiffness: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the rotations of a leg that move its ankle to a target.

    The knee bends until the distance from hip to ankle is right (law of cosines). Then the whole leg rotates about the
    hip by the smallest rotation that moves the ankle to the target.

    Args:
        thigh, shin: [N, 3] vectors from hip to knee and from knee to ankle.
        target: [N, 3] vector from the hip to the target; the ankle moves toward it as far as the leg reaches.
        knee_axis: [N, 3] unit vectors about which a straight knee bends.
        stiffness: meters per radian; 0 moves the ankle all the way. A nearly straight knee must rotate far to change
            the leg's length a little, and would snap. If its rate of change of length is equal to the stiffness, half
            of the change is applied; with a smaller rate, less.

    Returns:
        [N, 3, 3] rotation of the whole leg, and [N, 3, 3] rotation of the shin before it.
    """
    a, b = (float(np.linalg.norm(bone, axis=-1).mean()) for bone in (thigh, shin))
    old, new = np.linalg.norm(thigh + shin, axis=-1), np.linalg.norm(target, axis=-1)
    # A leg that is already stretched further may stay so.
    new = np.clip(new, np.abs(a - b) * (2 - _MAX_EXTENSION), np.maximum(old, _MAX_EXTENSION * (a + b)))
    if stiffness > 0:
        rate = length_rates(thigh, shin)
        new = old + rate**2 / (rate**2 + stiffness**2) * (new - old)
    axis = np.cross(thigh, shin) / (a * b) + _KNEE_AXIS_WEIGHT * knee_axis
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    at_knee = np.asarray(axis_angle_to_matrix(axis * (_knee_angle(new, a, b) - _knee_angle(old, a, b))[:, None]))
    return rotation_between(thigh + (at_knee @ shin[..., None])[..., 0], target), at_knee


def length_rates(thigh: np.ndarray, shin: np.ndarray) -> np.ndarray:
    """Change of a leg's length per radian of its knee [N], meters; 0 if it is straight. See `bend_legs`."""
    a, b = (float(np.linalg.norm(bone, axis=-1).mean()) for bone in (thigh, shin))
    length = np.linalg.norm(thigh + shin, axis=-1)
    return np.asarray(a * b * np.sin(_knee_angle(length, a, b)) / length)


def _knee_angle(distance: np.ndarray, a: float, b: float) -> np.ndarray:
    """Flexion of the knee [N], radians, from the distance [N] of hip and ankle and the bone lengths; 0 if straight."""
    return np.pi - np.arccos(np.clip((a * a + b * b - distance**2) / (2 * a * b), -1, 1))
