"""Solvers for banded systems."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.cleanup.banded import solve_band


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
