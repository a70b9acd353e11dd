"""Errors of predicted joints, as the field measures them: arrays [N, J, 3] in metres, results in millimetres."""

import numpy as np


def root_aligned(joints: np.ndarray, root: list[int]) -> np.ndarray:
    """Joints relative to the mean of the `root` joints (one joint, or the two hips)."""
    return joints - joints[:, root].mean(1, keepdims=True)


def mpjpe(predicted: np.ndarray, target: np.ndarray, root: list[int]) -> np.ndarray:
    """Mean per-joint position error after moving both roots to the origin, [N] mm."""
    difference = root_aligned(predicted, root) - root_aligned(target, root)
    return 1000 * np.linalg.norm(difference, axis=-1).mean(-1)


def procrustes_align(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The similarity transform (scale, rotation, translation) of each prediction that fits its target best."""
    p, t = predicted - predicted.mean(1, keepdims=True), target - target.mean(1, keepdims=True)
    u, s, vt = np.linalg.svd(p.swapaxes(1, 2) @ t)
    # A reflection is no pose: where the best orthogonal matrix is one, its weakest axis is flipped (Umeyama 1991).
    sign = np.ones_like(s)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(-1) / np.maximum((p**2).sum((1, 2)), 1e-12)
    return scale[:, None, None] * (p @ rotation) + target.mean(1, keepdims=True)


def pa_mpjpe(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean per-joint position error after Procrustes alignment, [N] mm."""
    return 1000 * np.linalg.norm(procrustes_align(predicted, target) - target, axis=-1).mean(-1)


def acceleration_error(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean difference of the joints' second differences over consecutive frames, [N - 2] mm / frame^2."""
    difference = predicted - target
    second = difference[2:] - 2 * difference[1:-1] + difference[:-2]
    return 1000 * np.linalg.norm(second, axis=-1).mean(-1)
