"""Conversion between representations of rotations, and interpolation.

Functions whose arguments are typed `Array` take NumPy arrays or torch tensors of any batch shape `...` and return the
same kind and dtype. So Blender, which has no torch, and the network, which needs gradients, share the same formulas.

Representations:
    axis-angle  [..., 3]     rotation vector in radians, as in SMPL's theta
    matrix      [..., 3, 3]  acts on column vectors
    6d          [..., 6]     first two columns of the matrix, one after the other (Zhou et al., CVPR 2019)
    quaternion  [..., 4]     w, x, y, z, of unit length, as in Blender
"""

import numpy as np

from tar_core.arrays import Array, concatenate, library, stack

_TINY = 1e-12


def _norm(x: Array) -> Array:
    """Length along the last axis, which is kept; the gradient is finite at zero."""
    return ((x * x).sum(-1)[..., None] + _TINY**2) ** 0.5


def axis_angle_to_matrix(axis_angle: Array) -> Array:
    """Convert axis-angle [..., 3] to matrices [..., 3, 3]."""
    return quaternion_to_matrix(axis_angle_to_quaternion(axis_angle))


def axis_angle_to_quaternion(axis_angle: Array) -> Array:
    """Convert axis-angle [..., 3] to quaternions [..., 4] (cos(a/2), sin(a/2) axis)."""
    xp = library(axis_angle)
    angle = _norm(axis_angle)
    half = 0.5 * angle
    # sin(a/2) / a tends to 1/2 at zero, where the small constant in _norm keeps the quotient exact.
    vector = axis_angle * (xp.sin(half) / angle)
    return concatenate([xp.cos(half), vector], -1)


def quaternion_to_matrix(quaternion: Array) -> Array:
    """Convert quaternions [..., 4] of any non-zero length to matrices [..., 3, 3]."""
    q = quaternion / _norm(quaternion)
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    rows = [
        stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]),
        stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]),
        stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]),
    ]
    return stack(rows, -2)


def matrix_to_quaternion(matrix: Array) -> Array:
    """Convert matrices [..., 3, 3] to quaternions [..., 4] with w >= 0.

    Of four equivalent formulas, the one with the largest divisor is used for each matrix (Shepperd 1978), so that
    rotations by 180 degrees are as exact as small ones.
    """
    xp = library(matrix)
    m = matrix
    m00, m11, m22 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    # Row k is 4 q_k (w, x, y, z): all rows are multiples of the same quaternion.
    candidates = stack(
        [
            stack([1 + m00 + m11 + m22, a, b, c]),
            stack([a, 1 + m00 - m11 - m22, d, e]),
            stack([b, d, 1 - m00 + m11 - m22, f]),
            stack([c, e, f, 1 - m00 - m11 + m22]),
        ],
        -2,
    )
    diagonal = stack([candidates[..., k, k] for k in range(4)])
    best = diagonal.argmax(-1)
    if xp is np:
        q = np.take_along_axis(candidates, best[..., None, None], -2)[..., 0, :]
    else:
        index = best[..., None, None].expand(*best.shape, 1, 4)
        q = xp.gather(candidates, -2, index)[..., 0, :]
    q = q / _norm(q)
    return q * xp.where(q[..., :1] < 0, -xp.ones_like(q[..., :1]), xp.ones_like(q[..., :1]))


def quaternion_to_axis_angle(quaternion: Array) -> Array:
    """Convert quaternions [..., 4] to axis-angle [..., 3] with an angle in [0, pi]."""
    xp = library(quaternion)
    arctan2 = np.arctan2 if xp is np else xp.atan2
    q = quaternion / _norm(quaternion)
    q = q * xp.where(q[..., :1] < 0, -xp.ones_like(q[..., :1]), xp.ones_like(q[..., :1]))
    sine = _norm(q[..., 1:])
    half = arctan2(sine, q[..., :1])
    return q[..., 1:] * (2 * half / sine)


def quaternion_product(a: Array, b: Array) -> Array:
    """Product of quaternions [..., 4]: the rotation `b` followed by the rotation `a`."""
    return stack(
        [
            a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1] - a[..., 2] * b[..., 2] - a[..., 3] * b[..., 3],
            a[..., 0] * b[..., 1] + a[..., 1] * b[..., 0] + a[..., 2] * b[..., 3] - a[..., 3] * b[..., 2],
            a[..., 0] * b[..., 2] + a[..., 2] * b[..., 0] + a[..., 3] * b[..., 1] - a[..., 1] * b[..., 3],
            a[..., 0] * b[..., 3] + a[..., 3] * b[..., 0] + a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
        ]
    )


def quaternion_between(start: Array, end: Array) -> Array:
    """Rotation from quaternions `start` [..., 4] to `end` [..., 4] in the axes of `start`: conj(start) end."""
    return quaternion_product(concatenate([start[..., :1], -start[..., 1:]], -1), end)


def matrix_to_axis_angle(matrix: Array) -> Array:
    """Convert matrices [..., 3, 3] to axis-angle [..., 3] with an angle in [0, pi]."""
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def matrix_to_rotation_6d(matrix: Array) -> Array:
    """Convert matrices [..., 3, 3] to 6d [..., 6]."""
    return concatenate([matrix[..., 0], matrix[..., 1]], -1)


def rotation_6d_to_matrix(rotation_6d: Array) -> Array:
    """Convert 6d [..., 6] to matrices [..., 3, 3] by Gram-Schmidt; any six numbers give a rotation."""
    a1, a2 = rotation_6d[..., :3], rotation_6d[..., 3:]
    b1 = a1 / _norm(a1)
    b2 = a2 - (b1 * a2).sum(-1)[..., None] * b1
    b2 = b2 / _norm(b2)
    return stack([b1, b2, cross(b1, b2)])


def cross(a: Array, b: Array) -> Array:
    """Cross product of vectors [..., 3]."""
    return stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ]
    )


def rotation_z(angle: Array) -> Array:
    """Matrices [..., 3, 3] that rotate by `angle` [...] about z, from x toward y."""
    xp = library(angle)
    c, s, zero, one = xp.cos(angle), xp.sin(angle), xp.zeros_like(angle), xp.ones_like(angle)
    return stack([stack([c, -s, zero]), stack([s, c, zero]), stack([zero, zero, one])], -2)


def wrap_angle(angle: np.ndarray) -> np.ndarray:
    """The same angles [...] between -pi and pi."""
    return np.asarray(np.arctan2(np.sin(angle), np.cos(angle)))


def twist_angle(quaternion: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Angles [...] of the twists of rotations [..., 4] about a unit axis [3], -pi to pi.

    A rotation is a twist about the axis and a swing about an axis that is perpendicular to it.
    """
    return wrap_angle(2 * np.arctan2(quaternion[..., 1:] @ axis, quaternion[..., 0]))


def rotation_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Smallest rotations [..., 3, 3] from directions `start` [..., 3] to directions `end` [..., 3].

    Opposite directions are rotated about any perpendicular axis.
    """
    start, end = np.broadcast_arrays(start / _norm(start), end / _norm(end))
    # (1 + cos a, sin a axis) is a multiple of the quaternion (cos a/2, sin a/2 axis).
    quaternion = np.concatenate([1 + (start * end).sum(-1, keepdims=True), np.cross(start, end)], -1)
    opposite = np.linalg.norm(quaternion, axis=-1) < 1e-9
    if opposite.any():
        least = np.eye(3)[np.abs(start[opposite]).argmin(-1)]  # the coordinate axis farthest from the direction
        quaternion[opposite] = np.concatenate([np.zeros((*least.shape[:-1], 1)), np.cross(start[opposite], least)], -1)
    return np.asarray(quaternion_to_matrix(quaternion))


def nearest_rotations(matrices: np.ndarray) -> np.ndarray:
    """The rotations [..., 3, 3] that are closest to matrices [..., 3, 3], by singular values (Kabsch 1976)."""
    u, _, vt = np.linalg.svd(matrices)
    u[..., 2] *= np.sign(np.linalg.det(u @ vt))[..., None]
    return np.asarray(u @ vt)


def align_vectors(vectors: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The rotation [3, 3] that minimizes the weighted sum of |R v_k - t_k|^2 (Wahba's problem).

    Args:
        vectors: [K, 3] v_k.
        targets: [K, 3] t_k.
        weights: [K] not negative.
    """
    return nearest_rotations((weights[:, None] * targets).T @ vectors)


def slerp(start: Array, end: Array, fraction: Array) -> Array:
    """Interpolate between quaternions [..., 4] along the shorter arc; `fraction` [...] is from 0 to 1."""
    xp = library(start)
    cosine = (start * end).sum(-1)[..., None]
    end = xp.where(cosine < 0, -end, end)
    cosine = abs(cosine)
    # The angle from the lengths of the chords, as the arccosine is inexact near 1.
    angle = 2 * (np.arctan2 if xp is np else xp.atan2)(_norm(end - start), _norm(end + start))
    t = fraction[..., None]
    near = xp.sin(angle) < 1e-6
    sine = xp.where(near, xp.ones_like(angle), xp.sin(angle))
    first = xp.where(near, 1 - t, xp.sin((1 - t) * angle) / sine)
    second = xp.where(near, t, xp.sin(t * angle) / sine)
    q = first * start + second * end
    return q / _norm(q)


def slerp_at(times: np.ndarray, known_times: np.ndarray, quaternions: np.ndarray) -> np.ndarray:
    """Interpolate a series of quaternions.

    Args:
        times: [N] times to interpolate at; clamped to the known ones.
        known_times: [M] increasing.
        quaternions: [M, ..., 4] at `known_times`.

    Returns:
        [N, ..., 4] quaternions at `times`.
    """
    row = np.interp(times, known_times, np.arange(len(known_times)))
    before = np.minimum(row.astype(int), max(len(known_times) - 2, 0))
    after = np.minimum(before + 1, len(known_times) - 1)
    return slerp(quaternions[before], quaternions[after], (row - before).reshape(-1, *[1] * (quaternions.ndim - 2)))


def continuous_quaternions(quaternions: np.ndarray) -> np.ndarray:
    """Flip signs along the first axis of [N, ..., 4] so that neighbors are on the same half sphere.

    q and -q are the same rotation, but animation curves interpolate the four numbers, and a change of sign would rotate
    the long way round.
    """
    dots = (quaternions[1:] * quaternions[:-1]).sum(-1)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    result = quaternions.copy()
    result[1:] *= signs[..., None].astype(quaternions.dtype)
    return result
