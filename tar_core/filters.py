"""Filters for time series, in NumPy: local polynomial smoothing (Savitzky and Golay, 1964) and runs of equal values."""

import numpy as np

MIN_WINDOW = 5  # frames; a parabola passes through any three points, so smaller windows change nothing


def smoothing_window(frames: float, count: int) -> int:
    """Odd number of frames in a window of about `frames` frames, at most `count`."""
    return min(2 * round(frames / 2) + 1, count - (count + 1) % 2)


def smooth_points(points: np.ndarray, window: int, errors: np.ndarray | None = None) -> np.ndarray:
    """Replace each frame's value by that of the least-squares parabola through the frames around it.

    Args:
        points: [N, ...] values in each frame.
        window: number of frames that the parabola is fitted to; odd, at most N. Below `MIN_WINDOW`, the points are
            returned unchanged.
        errors: [N, 1] expected standard error of each frame. Default: all frames count equally.

    Returns:
        Smoothed values with the shape of `points`.
    """
    if window < MIN_WINDOW:
        return points
    errors = np.ones((len(points), 1)) if errors is None else errors
    first, weights = parabola_weights(len(points), window, errors)
    values = points.reshape(len(points), -1)
    smooth = np.zeros(values.shape)
    for k in range(window):
        smooth += weights[:, k] * values[first + k]
    return smooth.reshape(points.shape)


def parabola_weights(count: int, window: int, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the weights whose weighted sum over a window is the value of the fitted parabola at a frame.

    Weighted least squares: (P^T W P) c = P^T W x, where P holds the powers of time in the window and W the inverse
    squared errors. The value at frame t is p(t)^T c.

    Args:
        count: number of frames N.
        window: number of frames in a window; odd, at least 3, at most N.
        errors: [N, J] expected standard errors of J series.

    Returns:
        first: [N] first frame of each frame's window (see `window_starts`).
        weights: [N, window, J] weights of the frames in the window.
    """
    first = window_starts(count, window)
    powers = ((np.arange(window)[:, None] - window // 2) / window) ** np.arange(3.0)
    inside = errors[first[:, None] + np.arange(window)]  # [N, window, J]
    certainty = np.maximum((inside.min(1, keepdims=True) / inside) ** 2, 1e-6)  # above zero, or P^T W P is singular
    normal = np.einsum("nkj,ka,kb->njab", certainty, powers, powers)
    at_frame = np.broadcast_to(powers[np.arange(count) - first][:, None, :, None], (*normal.shape[:-1], 1))
    solution = np.linalg.solve(normal, at_frame)[..., 0]  # [N, J, 3]
    return first, np.einsum("nja,ka,nkj->nkj", solution, powers, certainty)


def window_starts(count: int, window: int) -> np.ndarray:
    """First frame [N] of the window around each of `count` frames.

    Windows near the ends are shifted to stay inside, so those frames are not in the middle of their windows.
    """
    return np.clip(np.arange(count) - window // 2, 0, count - window)


def true_runs(flags: np.ndarray, shortest: float = 1) -> list[tuple[int, int]]:
    """Find the runs of consecutive true values.

    Args:
        flags: [N] bool.
        shortest: length below which a run is left out.

    Returns:
        First index of each run, and the index after its last.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2) if end - first >= shortest]
