"""Direct solvers for symmetric systems of linear equations with small blocks near the diagonal.

They arise from least squares over a motion in which each frame is coupled only with the next one or two. The work
grows linearly with the number of frames.
"""

import numpy as np


def solve_band(diagonal: np.ndarray, first: np.ndarray, second: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve A x = b for a symmetric, positive definite A in which each block is coupled with the next two.

    Frames are taken in pairs. A pair is coupled with the next pair only, so the system is block tridiagonal.

    Args:
        diagonal: [N, 3, 3] blocks on the diagonal.
        first: [N - 1] factors of the identity matrix in the blocks one off the diagonal.
        second: [N - 2] factors of the identity matrix in the blocks two off the diagonal.
        right: [N, 3] right-hand side b.

    Returns:
        [N, 3] solution x.
    """
    count = len(diagonal)
    pairs = -(-count // 2)
    blocks = np.zeros((pairs, 2, 3, 2, 3))
    blocks[:, 0, :, 0], blocks[:, 1, :, 1] = diagonal[::2], np.eye(3)  # an odd N is padded with one separate frame
    blocks[: count // 2, 1, :, 1] = diagonal[1::2]
    inside = first[::2, None, None] * np.eye(3)
    blocks[: len(inside), 0, :, 1] = blocks[: len(inside), 1, :, 0] = inside
    following = np.zeros((max(pairs - 1, 0), 2, 3, 2, 3))  # from a pair to the next one
    following[:, 1, :, 0] = first[1::2, None, None] * np.eye(3)
    for k in (0, 1):
        own = second[k::2, None, None] * np.eye(3)
        following[: len(own), k, :, k] = own
    matrices, couplings = blocks.reshape(pairs, 6, 6), following.reshape(-1, 6, 6)
    padded = np.zeros((pairs, 2, 3))
    padded.reshape(-1, 3)[:count] = right
    return solve_chain(matrices, couplings, padded.reshape(pairs, 6)).reshape(-1, 3)[:count]


def solve_chain(diagonal: np.ndarray, coupling: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve A x = b for a symmetric, positive definite, block tridiagonal A by cyclic reduction.

    All odd unknowns are eliminated at once. The even ones that remain form a chain of half the length.

    Args:
        diagonal: [N, k, k] blocks on the diagonal.
        coupling: [N - 1, k, k] blocks above the diagonal; the blocks below it are their transposes.
        right: [N, k] right-hand side b.

    Returns:
        [N, k] solution x.
    """
    if len(diagonal) == 1:
        return np.linalg.solve(diagonal, right[..., None])[..., 0]
    inverse = np.linalg.inv(diagonal[1::2])
    before, after = coupling[0::2], coupling[1::2]  # of each odd unknown with the even one before and after it
    inside = len(after)  # number of odd unknowns with an even one after them
    from_before = before @ inverse
    from_after = after.swapaxes(1, 2) @ inverse[:inside]
    even_diagonal, even_right = diagonal[0::2].copy(), right[0::2].astype(np.float64)
    odd_right = right[1::2]
    even_diagonal[: len(before)] -= from_before @ before.swapaxes(1, 2)
    even_diagonal[1 : inside + 1] -= from_after @ after
    even_right[: len(before)] -= _multiply(from_before, odd_right)
    even_right[1 : inside + 1] -= _multiply(from_after, odd_right[:inside])
    even = solve_chain(even_diagonal, -from_before[:inside] @ after, even_right)
    solution = np.empty(right.shape)
    solution[0::2] = even
    remainder = odd_right - _multiply(before.swapaxes(1, 2), even[: len(before)])
    remainder[:inside] -= _multiply(after, even[1 : inside + 1])
    solution[1::2] = _multiply(inverse, remainder)
    return solution


def _multiply(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Multiply each matrix [N, k, k] with its vector [N, k]."""
    return (matrices @ vectors[..., None])[..., 0]
