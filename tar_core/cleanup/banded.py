"""Direct solvers for least squares over a motion in which each frame is coupled only with the next one or two.

Their normal equations are symmetric, with small blocks near the diagonal. The work grows linearly with the number of
frames.
"""

import numpy as np


class FrameLeastSquares:
    """Weighted linear least squares with a few unknowns in each frame, and a few more that all frames share.

    Each residual depends on up to three consecutive frames. The normal equations are a band with a border:

        [ A    B ] [x]   [b]
        [ B^T  C ] [y] = [c]

    Args:
        frames: number of frames N.
        unknowns: number K of unknowns x of each frame.
        shared: number S of shared unknowns y.
    """

    def __init__(self, frames: int, unknowns: int, shared: int) -> None:
        self._pairs = -(-frames // 2)
        self._frames, self._unknowns = frames, unknowns
        count = 2 * self._pairs  # an odd number of frames is padded with a frame of its own
        self._band = np.zeros((count, 3, unknowns, unknowns))  # blocks of a frame with itself and with the next two
        self._border = np.zeros((count, unknowns, shared))
        self._corner = np.zeros((shared, shared))
        self._right, self._shared_right = np.zeros((count, unknowns)), np.zeros(shared)
        self._band[frames:, 0] = np.eye(unknowns)

    def add(
        self,
        first: np.ndarray,
        jacobian: np.ndarray,
        residual: np.ndarray,
        weight: np.ndarray,
        shared_jacobian: np.ndarray | None = None,
    ) -> None:
        """Add sum_m w_m (J_m x + G_m y + r_m)^2.

        Args:
            first: [M] the first frame that each residual depends on.
            jacobian: [M, F, K] J, derivatives with respect to the unknowns of F <= 3 frames from the first on.
            residual: [M] r.
            weight: [M] w.
            shared_jacobian: [M, S] G; default: zero.
        """
        weighted = jacobian * weight[:, None, None]
        for k in range(jacobian.shape[1]):
            for step in range(jacobian.shape[1] - k):
                block = weighted[:, k, :, None] * jacobian[:, k + step, None]
                np.add.at(self._band[:, step], first + k, block)
            np.add.at(self._right, first + k, -weighted[:, k] * residual[:, None])
            if shared_jacobian is not None:
                np.add.at(self._border, first + k, weighted[:, k, :, None] * shared_jacobian[:, None])
        if shared_jacobian is not None:
            self.add_shared(shared_jacobian, residual, weight)

    def add_shared(self, jacobian: np.ndarray, residual: np.ndarray, weight: np.ndarray) -> None:
        """Add residuals that depend on the shared unknowns only: sum_m w_m (G_m y + r_m)^2."""
        weighted = jacobian * weight[:, None]
        self._corner += weighted.T @ jacobian
        self._shared_right -= weighted.T @ residual

    def solve(self) -> tuple[np.ndarray, np.ndarray]:
        """Solve for x [N, K] and y [S]. The unknowns must be determined by the residuals."""
        pairs, k = self._pairs, self._unknowns
        band = self._band.reshape(pairs, 2, 3, k, k)
        diagonal = np.zeros((pairs, 2, k, 2, k))
        diagonal[:, 0, :, 0], diagonal[:, 1, :, 1], diagonal[:, 0, :, 1] = band[:, 0, 0], band[:, 1, 0], band[:, 0, 1]
        diagonal[:, 1, :, 0] = band[:, 0, 1].swapaxes(1, 2)
        coupling = np.zeros((pairs - 1, 2, k, 2, k))  # from a pair to the next one
        coupling[:, 0, :, 0], coupling[:, 1, :, 1] = band[:-1, 0, 2], band[:-1, 1, 2]
        coupling[:, 1, :, 0] = band[:-1, 1, 1]
        right = np.concatenate([self._right[..., None], self._border], -1).reshape(pairs, 2 * k, -1)
        size = 2 * k, 2 * k
        solution = solve_chain(diagonal.reshape(pairs, *size), coupling.reshape(pairs - 1, *size), right)
        solution = solution.reshape(2 * pairs, k, -1)
        own, response = solution[..., 0], solution[..., 1:]  # A^-1 b and A^-1 B
        corner = self._corner - np.einsum("nks,nkr->sr", self._border, response)
        shared = np.linalg.solve(corner, self._shared_right - np.einsum("nks,nk->s", self._border, own))
        return (own - response @ shared)[: self._frames], shared


def solve_band(diagonal: np.ndarray, first: np.ndarray, second: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve A x = b for symmetric, positive definite A in which each block is coupled with the next two.

    Frames are taken in pairs. A pair is coupled with the next pair only, so the system is block tridiagonal. Further
    axes, written as ..., are separate systems that are solved together.

    Args:
        diagonal: [N, ..., K, K] blocks on the diagonal.
        first: [N - 1, ...] factors of the identity matrix in the blocks one off the diagonal.
        second: [N - 2, ...] factors of the identity matrix in the blocks two off the diagonal.
        right: [N, ..., K, M] right-hand sides b.

    Returns:
        [N, ..., K, M] solutions x.
    """
    count, size = len(diagonal), diagonal.shape[-1]
    batch, columns, identity = diagonal.shape[1:-2], right.shape[-1], np.eye(size)
    pairs = -(-count // 2)
    blocks = np.zeros((pairs, *batch, 2, size, 2, size))
    blocks[..., 0, :, 0, :] = diagonal[::2]
    blocks[..., 1, :, 1, :] = identity  # an odd N is padded with one separate frame
    blocks[: count // 2, ..., 1, :, 1, :] = diagonal[1::2]
    inside = first[::2, ..., None, None] * identity
    blocks[: len(inside), ..., 0, :, 1, :] = blocks[: len(inside), ..., 1, :, 0, :] = inside
    following = np.zeros((max(pairs - 1, 0), *batch, 2, size, 2, size))  # from a pair to the next one
    following[..., 1, :, 0, :] = first[1::2, ..., None, None] * identity
    for k in (0, 1):
        own = second[k::2, ..., None, None] * identity
        following[: len(own), ..., k, :, k, :] = own
    shape = *batch, 2 * size, 2 * size
    padded = np.zeros((2 * pairs, *batch, size, columns))
    padded[:count] = right
    halves = np.moveaxis(padded.reshape(pairs, 2, *batch, size, columns), 1, -3)
    solution = solve_chain(
        blocks.reshape(pairs, *shape),
        following.reshape(-1, *shape),
        halves.reshape(pairs, *batch, 2 * size, columns),
    )
    frames = np.moveaxis(solution.reshape(pairs, *batch, 2, size, columns), -3, 1)
    return frames.reshape(2 * pairs, *batch, size, columns)[:count]


def second_differences(weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bands of D^T W D, where D takes second differences over time.

    Args:
        weights: [N - 2, ...] the diagonal of W.
        count: number of frames N.

    Returns:
        The diagonal [N, ...], and the bands one [N - 1, ...] and two [N - 2, ...] off the diagonal.
    """
    batch = weights.shape[1:]
    diagonal, first = np.zeros((count, *batch)), np.zeros((max(count - 1, 0), *batch))
    for k, factor in enumerate((1.0, 4.0, 1.0)):
        diagonal[k : count - 2 + k] += factor * weights
    first[:-1] -= 2 * weights
    first[1:] -= 2 * weights
    return diagonal, first, weights


def cauchy_weights(residuals: np.ndarray) -> np.ndarray:
    """Weights of residuals in expected errors, for a Cauchy distribution: gross errors count little."""
    return 1 / (1 + (residuals / 2) ** 2)


def solve_chain(diagonal: np.ndarray, coupling: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve A x = b for a symmetric, positive definite, block tridiagonal A by cyclic reduction.

    All odd unknowns are eliminated at once. The even ones that remain form a chain of half the length.

    Args:
        diagonal: [N, ..., k, k] blocks on the diagonal.
        coupling: [N - 1, ..., k, k] blocks above the diagonal; the blocks below it are their transposes.
        right: [N, ..., k, m] right-hand sides b.

    Returns:
        [N, ..., k, m] solutions x.
    """
    if len(diagonal) == 1:
        return np.linalg.solve(diagonal, right)
    inverse = inverses(diagonal[1::2])
    before, after = coupling[0::2], coupling[1::2]  # of each odd unknown with the even one before and after it
    inside = len(after)  # number of odd unknowns with an even one after them
    from_before = before @ inverse
    from_after = after.swapaxes(-1, -2) @ inverse[:inside]
    even_diagonal, even_right = diagonal[0::2].copy(), right[0::2].astype(np.float64)
    odd_right = right[1::2]
    even_diagonal[: len(before)] -= from_before @ before.swapaxes(-1, -2)
    even_diagonal[1 : inside + 1] -= from_after @ after
    even_right[: len(before)] -= from_before @ odd_right
    even_right[1 : inside + 1] -= from_after @ odd_right[:inside]
    even = solve_chain(even_diagonal, -from_before[:inside] @ after, even_right)
    solution = np.empty(right.shape)
    solution[0::2] = even
    remainder = odd_right - before.swapaxes(-1, -2) @ even[: len(before)]
    remainder[:inside] -= after @ even[1 : inside + 1]
    solution[1::2] = inverse @ remainder
    return solution


def inverses(blocks: np.ndarray) -> np.ndarray:
    """Invert positive definite matrices [..., k, k] by Gauss-Jordan elimination, which needs no pivots for them.

    In NumPy's inverse, the threads of its BLAS wait for each other. If other programs keep all cores busy, that takes
    ten times as long.
    """
    size = blocks.shape[-1]
    rows = np.concatenate([blocks, np.broadcast_to(np.eye(size), blocks.shape)], -1)
    for k in range(size):
        pivot = rows[..., k, :] / rows[..., k, k, None]
        rows -= rows[..., k, None] * pivot[..., None, :]
        rows[..., k, :] = pivot
    return rows[..., size:]
