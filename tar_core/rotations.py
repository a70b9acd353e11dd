"""Rotations in every form that the project uses, converted in one place.

Each function takes numpy arrays or torch tensors, of any batch shape `...`, and gives back the same kind and dtype:
Blender has no torch, the network needs gradients, and neither should have formulas of its own.

Forms:
    axis-angle  [..., 3]     radians, the rotation vector of SMPL's theta
    matrix      [..., 3, 3]  acts on column vectors
    6d          [..., 6]     the matrix's first two columns, one after the other (Zhou et al., CVPR 2019)
    quaternion  [..., 4]     w, x, y, z, unit length, as in Blender
"""

from typing import Any

import numpy as np

Array = Any  # numpy.ndarray or torch.Tensor; the result is of the argument's kind

_TINY = 1e-12


def _library(x: Array) -> Any:
    """numpy for an array, torch for a tensor (found through the tensor, so that torch is never imported here)."""
    if isinstance(x, np.ndarray | np.generic):
        return np
    import torch

    return torch


def _stack(parts: list[Array], axis: int = -1) -> Array:
    xp = _library(parts[0])
    return np.stack(parts, axis) if xp is np else xp.stack(parts, axis)


def _norm(x: Array) -> Array:
    """Length along the last axis, kept as an axis; its gradient is finite at zero."""
    return ((x * x).sum(-1)[..., None] + _TINY**2) ** 0.5


def axis_angle_to_matrix(axis_angle: Array) -> Array:
    """[..., 3] -> [..., 3, 3] by Rodrigues' formula R = I + sin(a) K + (1 - cos(a)) K^2."""
    return quaternion_to_matrix(axis_angle_to_quaternion(axis_angle))


def axis_angle_to_quaternion(axis_angle: Array) -> Array:
    """[..., 3] -> [..., 4]: (cos(a/2), sin(a/2) axis)."""
    xp = _library(axis_angle)
    angle = _norm(axis_angle)
    half = 0.5 * angle
    # sin(a/2) / a tends to 1/2; the floor in _norm keeps the quotient exact there.
    vector = axis_angle * (xp.sin(half) / angle)
    return _concatenate([xp.cos(half), vector])


def quaternion_to_matrix(quaternion: Array) -> Array:
    """[..., 4] (w, x, y, z; any non-zero length) -> [..., 3, 3]."""
    q = quaternion / _norm(quaternion)
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    rows = [
        _stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]),
        _stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]),
        _stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]),
    ]
    return _stack(rows, -2)


def matrix_to_quaternion(matrix: Array) -> Array:
    """[..., 3, 3] -> [..., 4] with w >= 0.

    Of the four equivalent formulas, the one with the largest divisor is taken for each matrix (Shepperd 1978), so
    that half turns are as exact as small ones.
    """
    xp = _library(matrix)
    m = matrix
    m00, m11, m22 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    # Row k is 4 q_k (w, x, y, z): each a multiple of the same quaternion.
    candidates = _stack(
        [
            _stack([1 + m00 + m11 + m22, a, b, c]),
            _stack([a, 1 + m00 - m11 - m22, d, e]),
            _stack([b, d, 1 - m00 + m11 - m22, f]),
            _stack([c, e, f, 1 - m00 - m11 + m22]),
        ],
        -2,
    )
    diagonal = _stack([candidates[..., k, k] for k in range(4)])
    best = diagonal.argmax(-1)
    if xp is np:
        q = np.take_along_axis(candidates, best[..., None, None], -2)[..., 0, :]
    else:
        index = best[..., None, None].expand(*best.shape, 1, 4)
        q = xp.gather(candidates, -2, index)[..., 0, :]
    q = q / _norm(q)
    return q * xp.where(q[..., :1] < 0, -xp.ones_like(q[..., :1]), xp.ones_like(q[..., :1]))


def quaternion_to_axis_angle(quaternion: Array) -> Array:
    """[..., 4] (w, x, y, z) -> [..., 3], angle in [0, pi]."""
    xp = _library(quaternion)
    arctan2 = np.arctan2 if xp is np else xp.atan2
    q = quaternion / _norm(quaternion)
    q = q * xp.where(q[..., :1] < 0, -xp.ones_like(q[..., :1]), xp.ones_like(q[..., :1]))
    sine = _norm(q[..., 1:])
    half = arctan2(sine, q[..., :1])
    return q[..., 1:] * (2 * half / sine)


def quaternion_between(start: Array, end: Array) -> Array:
    """What turns `start` into `end` in start's own axes, conj(start) end: [..., 4] and [..., 4] -> [..., 4]."""
    a, b = start, end
    return _stack(
        [
            a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2] + a[..., 3] * b[..., 3],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0] - a[..., 2] * b[..., 3] + a[..., 3] * b[..., 2],
            a[..., 0] * b[..., 2] - a[..., 2] * b[..., 0] - a[..., 3] * b[..., 1] + a[..., 1] * b[..., 3],
            a[..., 0] * b[..., 3] - a[..., 3] * b[..., 0] - a[..., 1] * b[..., 2] + a[..., 2] * b[..., 1],
        ]
    )


def matrix_to_axis_angle(matrix: Array) -> Array:
    """[..., 3, 3] -> [..., 3], angle in [0, pi]."""
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def matrix_to_rotation_6d(matrix: Array) -> Array:
    """[..., 3, 3] -> [..., 6]."""
    return _concatenate([matrix[..., 0], matrix[..., 1]])


def rotation_6d_to_matrix(rotation_6d: Array) -> Array:
    """[..., 6] -> [..., 3, 3] by Gram-Schmidt; any six numbers give a rotation (Zhou et al., CVPR 2019)."""
    a1, a2 = rotation_6d[..., :3], rotation_6d[..., 3:]
    b1 = a1 / _norm(a1)
    b2 = a2 - (b1 * a2).sum(-1)[..., None] * b1
    b2 = b2 / _norm(b2)
    return _stack([b1, b2, cross(b1, b2)])


def cross(a: Array, b: Array) -> Array:
    """Cross product over the last axis, [..., 3] x [..., 3] -> [..., 3]."""
    return _stack(
        [
            a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
            a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
            a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
        ]
    )


def rotation_z(angle: Array) -> Array:
    """Turns by `angle` [...] about z -> [..., 3, 3]; x goes towards y."""
    xp = _library(angle)
    c, s, zero, one = xp.cos(angle), xp.sin(angle), xp.zeros_like(angle), xp.ones_like(angle)
    return _stack([_stack([c, -s, zero]), _stack([s, c, zero]), _stack([zero, zero, one])], -2)


def rotation_between(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The smallest turns that bring directions [..., 3] to others -> [..., 3, 3]; opposite ones turn about any axis."""
    start, end = np.broadcast_arrays(start / _norm(start), end / _norm(end))
    # The half angle's quaternion: (1 + cos a, sin a axis) has the direction of (cos a/2, sin a/2 axis).
    quaternion = np.concatenate([1 + (start * end).sum(-1, keepdims=True), np.cross(start, end)], -1)
    opposite = np.linalg.norm(quaternion, axis=-1) < 1e-9
    if opposite.any():
        least = np.eye(3)[np.abs(start[opposite]).argmin(-1)]  # the coordinate axis that is farthest from it
        quaternion[opposite] = np.concatenate([np.zeros((*least.shape[:-1], 1)), np.cross(start[opposite], least)], -1)
    return np.asarray(quaternion_to_matrix(quaternion))


def slerp(start: Array, end: Array, fraction: Array) -> Array:
    """Spherical interpolation between quaternions [..., 4] on the shorter arc; `fraction` [...] in 0..1."""
    xp = _library(start)
    cosine = (start * end).sum(-1)[..., None]
    end = xp.where(cosine < 0, -end, end)
    cosine = abs(cosine)
    # The chord's half length gives the angle without the arccosine's blow-up near 1.
    angle = 2 * (np.arctan2 if xp is np else xp.atan2)(_norm(end - start), _norm(end + start))
    t = fraction[..., None]
    near = xp.sin(angle) < 1e-6
    sine = xp.where(near, xp.ones_like(angle), xp.sin(angle))
    first = xp.where(near, 1 - t, xp.sin((1 - t) * angle) / sine)
    second = xp.where(near, t, xp.sin(t * angle) / sine)
    q = first * start + second * end
    return q / _norm(q)


def slerp_at(places: np.ndarray, known: np.ndarray, quaternions: np.ndarray) -> np.ndarray:
    """Quaternions [M, ..., 4] at rising places `known` [M] -> [N, ..., 4] at `places` [N]; beyond the ends, theirs."""
    place = np.interp(places, known, np.arange(len(known)))
    before = np.minimum(place.astype(int), max(len(known) - 2, 0))
    after = np.minimum(before + 1, len(known) - 1)
    return slerp(quaternions[before], quaternions[after], (place - before).reshape(-1, *[1] * (quaternions.ndim - 2)))


def continuous_quaternions(quaternions: np.ndarray) -> np.ndarray:
    """Flips signs along the first axis of [N, ..., 4] so that neighbors lie on the same half sphere.

    q and -q are the same rotation, but curves interpolate the four numbers, and a flip would spin the long way round.
    """
    dots = (quaternions[1:] * quaternions[:-1]).sum(-1)
    signs = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    result = quaternions.copy()
    result[1:] *= signs[..., None].astype(quaternions.dtype)
    return result


def _concatenate(parts: list[Array]) -> Array:
    xp = _library(parts[0])
    return np.concatenate(parts, -1) if xp is np else xp.cat(parts, -1)
