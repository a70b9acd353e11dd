"""Solvers for banded systems."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.cleanup.banded import FrameLeastSquares, inverses, second_differences, solve_band


@given(st.integers(0, 1000), st.integers(1, 6), st.sampled_from([(), (1,), (4, 3)]))
def test_inverses_are_those_of_numpy(seed: int, size: int, batch: tuple[int, ...]) -> None:
    random = np.random.default_rng(seed)
    scales = 10 ** random.uniform(-4, 4, (*batch, size, 1))  # as of stiff and soft directions
    half = scales * (random.normal(size=(*batch, size, size)) + 3 * np.eye(size))
    blocks = half @ half.swapaxes(-1, -2)
    identity = inverses(blocks) @ blocks
    error = np.abs(identity - np.eye(size)).max()
    assert error <= 10 * np.abs(np.linalg.inv(blocks) @ blocks - np.eye(size)).max() + 1e-9


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 12), st.sampled_from([1, 3]), st.sampled_from([(), (2,)]))
def test_solve_band_equals_dense_solutions(seed: int, count: int, size: int, batch: tuple[int, ...]) -> None:
    random = np.random.default_rng(seed)
    bands = [random.normal(size=(max(count - step, 0), *batch)) for step in (1, 2)]
    half = random.normal(size=(count, *batch, size, size))
    diagonal = half @ half.swapaxes(-1, -2) + 20 * np.eye(size)
    right = random.normal(size=(count, *batch, size, 2))
    solution = solve_band(diagonal, *bands, right)
    for system in np.ndindex(*batch):
        own = slice(None), *system
        matrix = block_matrix(diagonal[own], *(band[own] for band in bands))
        expected = np.linalg.solve(matrix, right[own].reshape(count * size, 2))
        np.testing.assert_allclose(solution[own], expected.reshape(count, size, 2), atol=1e-8)


def block_matrix(diagonal: np.ndarray, *bands: np.ndarray) -> np.ndarray:
    count, size = diagonal.shape[:2]
    matrix = np.zeros((count, size, count, size))
    for t in range(count):
        matrix[t, :, t] = diagonal[t]
        for step, band in enumerate(bands, start=1):
            if t >= step:
                matrix[t, :, t - step] = matrix[t - step, :, t] = band[t - step] * np.eye(size)
    return matrix.reshape(count * size, count * size)


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_second_differences(count: int) -> None:
    weights = np.random.default_rng(count).uniform(1, 2, max(count - 2, 0))
    difference = np.diff(np.eye(count), n=2, axis=0) if count > 2 else np.zeros((0, count))
    bands = second_differences(weights, count)
    expected = difference.T @ np.diag(weights) @ difference
    for step, band in enumerate(bands):
        np.testing.assert_allclose(band, np.diag(expected, step), atol=1e-12)


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
