"""The standard error metrics of human pose: joints [N, J, 3] in meters, errors in millimeters."""

from dataclasses import dataclass

import numpy as np


def root_aligned(joints: np.ndarray, root: list[int]) -> np.ndarray:
    """Subtract the mean of the `root` joints (one joint, or the two hips)."""
    return joints - joints[:, root].mean(1, keepdims=True)


def mpjpe(predicted: np.ndarray, target: np.ndarray, root: list[int]) -> np.ndarray:
    """Mean per-joint position error (MPJPE) after moving both roots to the origin, [N] mm."""
    difference = root_aligned(predicted, root) - root_aligned(target, root)
    return 1000 * np.linalg.norm(difference, axis=-1).mean(-1)


@dataclass(frozen=True)
class Similarity:
    """A batch of N similarity transforms x -> scale R x + translation.

    Attributes:
        scale: [N].
        rotation: [N, 3, 3].
        translation: [N, 3].
    """

    scale: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Transform points [N, P, 3]."""
        rotated = points @ self.rotation.swapaxes(1, 2)
        return self.scale[:, None, None] * rotated + self.translation[:, None]


def procrustes(predicted: np.ndarray, target: np.ndarray) -> Similarity:
    """Fit the similarity transform from each prediction to its target in the least-squares sense.

    Args:
        predicted, target: [N, J, 3].
    """
    from_mean, to_mean = predicted.mean(1, keepdims=True), target.mean(1, keepdims=True)
    p, t = predicted - from_mean, target - to_mean
    u, s, vt = np.linalg.svd(t.swapaxes(1, 2) @ p)
    # If the best orthogonal matrix is a reflection, flip the axis with the smallest singular value (Umeyama 1991).
    sign = np.ones_like(s)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(-1) / np.maximum((p**2).sum((1, 2)), 1e-12)
    rotated_mean = Similarity(scale, rotation, np.zeros((len(p), 3)))(from_mean)
    return Similarity(scale, rotation, (to_mean - rotated_mean)[:, 0])


def procrustes_align(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Align each prediction with its target by a similarity transform."""
    return procrustes(predicted, target)(predicted)


def pa_mpjpe(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean per-joint position error after Procrustes alignment (PA-MPJPE), [N] mm."""
    return 1000 * np.linalg.norm(procrustes_align(predicted, target) - target, axis=-1).mean(-1)


def vertex_error(
    predicted: np.ndarray,
    target: np.ndarray,
    predicted_joints: np.ndarray,
    target_joints: np.ndarray,
    root: list[int],
) -> np.ndarray:
    """Per-vertex error (PVE, also MVE and MPVE) after moving both roots to the origin, [N] mm.

    Args:
        predicted, target: [N, V, 3] meshes.
        predicted_joints, target_joints: [N, J, 3] joints of the meshes.
        root: indices of the joints whose mean is the root.
    """
    shift = (predicted_joints - target_joints)[:, root].mean(1, keepdims=True)
    return 1000 * np.linalg.norm(predicted - shift - target, axis=-1).mean(-1)


def pa_vertex_error(
    predicted: np.ndarray, target: np.ndarray, predicted_joints: np.ndarray, target_joints: np.ndarray
) -> np.ndarray:
    """Per-vertex error after Procrustes alignment of the joints, as in 3DPW's and EMDB's scripts, [N] mm."""
    aligned = procrustes(predicted_joints, target_joints)(predicted)
    return 1000 * np.linalg.norm(aligned - target, axis=-1).mean(-1)


def joint_angle_error(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean per-joint angular error (MPJAE): geodesic distance between the joints' rotations, [N] degrees.

    Args:
        predicted, target: [N, J, 3, 3] global rotations in camera coordinates (not relative to the parents).
    """
    between = predicted @ target.swapaxes(-1, -2)
    # From sine and cosine, because the cosine alone loses half the digits of small angles.
    cosine = (np.trace(between, axis1=-2, axis2=-1) - 1) / 2
    twice_axis = between - between.swapaxes(-1, -2)
    sine = np.linalg.norm(twice_axis, axis=(-2, -1)) / np.sqrt(8)
    return np.degrees(np.arctan2(sine, cosine)).mean(-1)


def pa_joint_angle_error(
    predicted: np.ndarray, target: np.ndarray, predicted_joints: np.ndarray, target_joints: np.ndarray
) -> np.ndarray:
    """MPJAE after rotating each prediction by the Procrustes rotation of its joints, [N] degrees."""
    rotation = procrustes(predicted_joints, target_joints).rotation
    return joint_angle_error(rotation[:, None] @ predicted, target)


def acceleration_error(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean distance between the joints' accelerations in consecutive frames, [N - 2] mm / frame^2."""
    difference = predicted - target
    second = difference[2:] - 2 * difference[1:-1] + difference[:-2]
    return 1000 * np.linalg.norm(second, axis=-1).mean(-1)
