"""The One Euro filter (Casiez et al., CHI 2012), which smooths the landmarks that place the next crop."""

import math

import numpy as np

# MediaPipe's values for these landmarks.
MIN_CUTOFF, BETA, DERIVATIVE_CUTOFF = 0.01, 10.0, 1.0


class OneEuroFilter:
    """A low-pass filter that smooths slow motion strongly and fast motion little.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._raw: np.ndarray | None = None
        self._slope = np.zeros(0)
        self._smooth = np.zeros(0)

    def __call__(self, value: np.ndarray, scale: float) -> np.ndarray:
        """Filter the next sample.

        Args:
            value: an array of the same shape as in every other call.
            scale: converts units of `value` to body sizes: 1 / the person's size in pixels.
        """
        if self._raw is None:
            self._raw, self._smooth, self._slope = value, value, np.zeros_like(value)
            return value
        slope = (value - self._raw) * scale * self.rate
        self._raw = value
        self._slope = self._blend(self._slope, slope, np.full_like(slope, DERIVATIVE_CUTOFF))
        cutoff = MIN_CUTOFF + BETA * np.abs(self._slope)
        self._smooth = self._blend(self._smooth, value, cutoff)
        return self._smooth

    def _blend(self, old: np.ndarray, new: np.ndarray, cutoff: np.ndarray) -> np.ndarray:
        weight = 1 / (1 + self.rate / (2 * math.pi * cutoff))
        return weight * new + (1 - weight) * old
