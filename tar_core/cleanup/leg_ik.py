"""Two-bone inverse kinematics of the legs: ankles go where they are wanted, feet keep their direction in the world."""

import numpy as np

from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, rotation_between
from tar_core.skeleton import JOINT_NAMES, PARENTS, pose_skeleton

LEGS = [
    [JOINT_NAMES.index(f"{side}_{joint}") for joint in ("hip", "knee", "ankle")] for side in ("left", "right")
]  # hip, knee, ankle of each leg
_STRETCHED = 0.999  # of the leg's length: farther away an ankle is not put, so that no knee snaps straight
_KNEE_AXIS = np.array([1.0, 0, 0])  # about which SMPL's knees bend, in the thigh's axes


def move_ankles(
    poses: np.ndarray, rest_joints: np.ndarray, displacements: np.ndarray, stiff: float = 0.0
) -> np.ndarray:
    """Poses whose left and right ankles lie elsewhere; only hips, knees and ankles turn.

    Args:
        poses: [N, 24, 3] axis-angle.
        rest_joints: [24, 3] in the T-pose, meters.
        displacements: [N, 2, 3] of the left and the right ankle, in the frame that the global orientation leads to.
            What a stretched leg doesn't reach is left out.
        stiff: as in `bend_legs`.

    Returns:
        [N, 24, 3]; legs that aren't moved stay exactly as they are.
    """
    bones, joints = pose_skeleton(poses, rest_joints)
    world = bones[..., :3, :3]
    moved = poses.astype(np.float64)
    for (hip, knee, ankle), displacement in zip(LEGS, displacements.swapaxes(0, 1), strict=True):
        changed = np.linalg.norm(displacement, axis=-1) > 0
        if not changed.any():
            continue
        thigh, shin = joints[:, knee] - joints[:, hip], joints[:, ankle] - joints[:, knee]
        at_hip, at_knee = bend_legs(thigh, shin, thigh + shin + displacement, world[:, hip] @ _KNEE_AXIS, stiff)
        turned = {
            hip: at_hip @ world[:, hip],
            knee: at_hip @ at_knee @ world[:, knee],
            ankle: world[:, ankle],
        }
        parent = world[:, PARENTS[hip]]
        for joint, matrix in turned.items():
            local = matrix_to_axis_angle(parent.swapaxes(-1, -2) @ matrix)
            moved[changed, joint] = local[changed]
            parent = matrix
    return moved


def bend_legs(
    thigh: np.ndarray, shin: np.ndarray, target: np.ndarray, knee_axis: np.ndarray, stiff: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """The turns of a leg that bring its ankle to another place.

    The knee bends as far as the new distance from the hip wants it (law of cosines), then the whole leg turns about the
    hip by the smallest turn that brings the ankle there.

    Args:
        thigh, shin: [N, 3] from hip to knee and from knee to ankle.
        target: [N, 3] from the hip to where the ankle is wanted; as far as the leg reaches.
        knee_axis: [N, 3] unit vectors about which a straight knee bends.
        stiff: meters a radian; 0 for ankles that arrive. Nearly straight knees must turn far to make a leg a little
            longer or shorter, and snap; where they change its length by no more than so, they give half of it.

    Returns:
        [N, 3, 3] the turn of the whole leg, and [N, 3, 3] that of the shin before it.
    """
    a, b = (float(np.linalg.norm(bone, axis=-1).mean()) for bone in (thigh, shin))
    old, new = np.linalg.norm(thigh + shin, axis=-1), np.linalg.norm(target, axis=-1)
    # A leg that is stretched further already may stay so.
    new = np.clip(new, np.abs(a - b) * (2 - _STRETCHED), np.maximum(old, _STRETCHED * (a + b)))
    if stiff > 0:
        longer = a * b * np.sin(_knee_angle(old, a, b)) / old  # meters a radian
        new = old + longer**2 / (longer**2 + stiff**2) * (new - old)
    axis = np.cross(thigh, shin) / (a * b) + 1e-3 * knee_axis  # a straight knee has no axis of its own
    axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
    at_knee = np.asarray(axis_angle_to_matrix(axis * (_knee_angle(new, a, b) - _knee_angle(old, a, b))[:, None]))
    return rotation_between(thigh + (at_knee @ shin[..., None])[..., 0], target), at_knee


def _knee_angle(distance: np.ndarray, a: float, b: float) -> np.ndarray:
    """By how much a leg of two bones is bent, radians, when its ends are so far apart."""
    return np.pi - np.arccos(np.clip((a * a + b * b - distance**2) / (2 * a * b), -1, 1))
