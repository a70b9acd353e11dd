"""Polynomial smoothing and runs of equal values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import savgol_filter

from tar_core.filters import smooth_points, smoothing_window, true_runs


@pytest.mark.parametrize("window", [5, 9, 21])
def test_smooth_points_equals_scipys_savitzky_golay_filter(window: int) -> None:
    points = np.random.default_rng(0).normal(size=(50, 3)).cumsum(0)
    np.testing.assert_allclose(smooth_points(points, window), savgol_filter(points, window, 2, axis=0), atol=1e-9)


def test_smooth_points_treats_each_coordinate_by_itself() -> None:
    points = np.random.default_rng(1).normal(size=(30, 4, 3))
    smooth = smooth_points(points, 9)
    assert smooth.shape == points.shape
    np.testing.assert_array_equal(smooth[:, 2], smooth_points(points[:, 2], 9))
    np.testing.assert_array_equal(smooth[:, 2, 1], smooth_points(points[:, 2, 1], 9))


def test_smooth_points_gives_frames_with_large_errors_little_weight() -> None:
    points, errors = np.zeros((30, 1)), np.ones((30, 1))
    points[15], errors[15] = 1.0, 10.0
    assert smooth_points(points, 9)[15] > 0.2
    assert smooth_points(points, 9, errors)[15] < 0.01


@pytest.mark.parametrize("window", [1, 3])
def test_short_windows_leave_points_unchanged(window: int) -> None:
    points = np.random.default_rng(2).normal(size=(10, 3))
    np.testing.assert_array_equal(smooth_points(points, window), points)


@pytest.mark.parametrize(
    ("frames", "count", "window"), [(9, 100, 9), (17.9, 100, 19), (17.9, 12, 11), (17.9, 11, 11), (0.5, 100, 1)]
)
def test_smoothing_window_is_odd_and_at_most_the_number_of_frames(frames: float, count: int, window: int) -> None:
    assert smoothing_window(frames, count) == window


def test_true_runs() -> None:
    assert true_runs(np.array([1, 1, 0, 1], bool)) == [(0, 2), (3, 4)]
    assert true_runs(np.array([1, 1, 0, 1], bool), 1.5) == [(0, 2)]
    assert true_runs(np.zeros(0, bool)) == []


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 5))
def test_true_runs_cover_all_long_runs_and_nothing_else(flags: list[bool], shortest: int) -> None:
    found = true_runs(np.array(flags), shortest)
    covered = {index for first, end in found for index in range(first, end)}
    assert all(end - first >= shortest for first, end in found)
    assert all(flags[index] for index in covered)
    missed = [flag and index not in covered for index, flag in enumerate(flags)]
    assert true_runs(np.array(missed), shortest) == []
