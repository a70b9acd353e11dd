"""Solvers for banded systems."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.cleanup.banded import FrameLeastSquares, solve_band


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_solve_band_equals_a_dense_solution(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    bands = [random.normal(size=max(count - step, 0)) for step in (1, 2)]
    half = random.normal(size=(count, 3, 3))
    diagonal = half @ half.swapaxes(1, 2) + 20 * np.eye(3)
    right = random.normal(size=(count, 3))
    matrix = np.zeros((count, 3, count, 3))
    for t in range(count):
        matrix[t, :, t] = diagonal[t]
        for step, band in enumerate(bands, start=1):
            if t >= step:
                matrix[t, :, t - step] = matrix[t - step, :, t] = band[t - step] * np.eye(3)
    expected = np.linalg.solve(matrix.reshape(3 * count, -1), right.ravel()).reshape(-1, 3)
    np.testing.assert_allclose(solve_band(diagonal, *bands, right), expected, atol=1e-8)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(3, 12), st.integers(1, 3), st.integers(0, 3))
def test_frame_least_squares_equal_a_dense_solution(seed: int, frames: int, unknowns: int, shared: int) -> None:
    random = np.random.default_rng(seed)
    problem = FrameLeastSquares(frames, unknowns, shared)
    size = frames * unknowns + shared
    normal, right = np.zeros((size, size)), np.zeros(size)
    for reach in (1, 2, 3):
        count = 8 * frames
        first = random.integers(0, frames - reach + 1, count)
        jacobian = random.normal(size=(count, reach, unknowns))
        common = random.normal(size=(count, shared))
        residual, weight = random.normal(size=count), random.uniform(0.1, 2, count)
        problem.add(first, jacobian, residual, weight, common)
        for m in range(count):
            row = np.zeros(size)
            start = first[m] * unknowns
            row[start : start + reach * unknowns] = jacobian[m].ravel()
            row[frames * unknowns :] = common[m]
            normal += weight[m] * np.outer(row, row)
            right -= weight[m] * row * residual[m]
    expected = np.linalg.solve(normal, right)
    own, common = problem.solve()
    np.testing.assert_allclose(np.concatenate([own.ravel(), common]), expected, atol=1e-6)
