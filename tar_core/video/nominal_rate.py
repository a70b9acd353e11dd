"""The constant frame rate at which a video with a variable frame rate is read. Needs NumPy only."""

from collections.abc import Iterable

import numpy as np

STANDARD_RATES = (15, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 100, 120000 / 1001, 120, 240)
RATE_TOLERANCE = 0.03  # relative difference up to which a rate is taken for a standard one
TIME_STAMP_TOLERANCE = 0.0015  # seconds; some containers round time stamps to milliseconds
FAST_SHARE = 0.25  # of the images that must be so fast for the rate to be as high
SIMILAR = 0.25  # relative difference up to which a step is taken for an ordinary one; cameras are not exact
LONGEST_FRAME = 60.0  # seconds; a longer gap between time stamps is a splice, not one frame shown that long
LARGEST_STEP_BACK = 0.5  # seconds; where time stamps go back further, files were joined
DEFAULT_RATE = 30.0  # of files that tell nothing about time


def nominal_fps(stated: Iterable[float], stamps: np.ndarray, tick: float = 0.0) -> float:
    """Determine the constant frame rate for a video.

    It is that of the fastest part that has a quarter of the images, so that few are left out. If a rate that the
    container states is near, it is taken as it is, otherwise the nearest standard rate (24, 25, 29.97, 30, ...), if one
    is near.

    Args:
        stated: rates given by the container, the most reliable first; for a variable rate, they are some averages.
        stamps: [N] time stamps of the images, seconds.
        tick: resolution of the time stamps, seconds.
    """
    stated = [rate for rate in stated if rate > 0]
    steps = np.diff(stamps)
    steps = steps[(steps > 0) & (steps <= LONGEST_FRAME)]
    if len(steps) == 0:
        return stated[0] if stated else DEFAULT_RATE
    step = float(np.quantile(steps, FAST_SHARE, method="lower"))  # a value that occurs, not the mean of two
    # A single one of rounded time stamps is coarse; the mean of all similar steps is more precise.
    rounding = max(TIME_STAMP_TOLERANCE, min(1.01 * tick, step / 2))
    rate = 1 / float(steps[np.abs(steps - step) <= max(rounding, SIMILAR * step)].mean())
    for candidate in stated:
        if abs(candidate - rate) <= RATE_TOLERANCE * rate:
            return candidate
    standard = min(STANDARD_RATES, key=lambda candidate: abs(candidate - rate))
    return standard if abs(standard - rate) <= RATE_TOLERANCE * rate else rate


def is_splice(steps: np.ndarray) -> np.ndarray:
    """Whether steps between time stamps (seconds) are from one recording to another, instead of times of images."""
    return (steps > LONGEST_FRAME) | (steps < -LARGEST_STEP_BACK)


def shown_seconds(stamps: np.ndarray, fps: float) -> float:
    """How long the images with the time stamps [N] (seconds) are shown. A splice counts as one frame."""
    steps = np.diff(stamps)
    return float(np.where((steps > 0) & (steps <= LONGEST_FRAME), steps, 1 / fps).sum()) + 1 / fps
