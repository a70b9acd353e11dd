"""What is known about the focal length of a video: a probability distribution that every cue narrows.

The prior is the lenses of real videos. A cue, such as the straight lines of the image or the metadata of the file, is
wrong now and then, so each has a probability of misleading: a mixture of the likelihood and a constant. An estimate far
from all usual lenses then loses against the prior unless the cue is reliable.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

# Lenses of real videos: the median of the focal length over the image's diagonal, the spread of its logarithm, and the
# share of unusual lenses (telephoto, ultra wide, zoomed) with their spread. `python -m benchmarks.lenses` derives them.
LENS_MEDIAN, LENS_SPREAD = 0.72, 0.25
UNUSUAL_SHARE, UNUSUAL_SPREAD = 0.2, 0.7
LOG_RATIOS = np.linspace(np.log(0.35), np.log(2.5), 801)  # logarithm of the focal length over the image's diagonal
_ONE_SIGMA = 0.1587, 0.8413  # quantiles of the normal distribution at -1 and 1 standard deviation


@dataclass(frozen=True)
class FocalLengthBelief:
    """A probability distribution of the focal length.

    Attributes:
        probabilities: [G] of each value in `LOG_RATIOS`; their sum is 1.
    """

    probabilities: np.ndarray

    @classmethod
    def of_lenses(cls) -> "FocalLengthBelief":
        """The prior: what the lenses of videos are if nothing is known about this video."""
        usual, unusual = (
            np.exp(_log_normal(np.log(LENS_MEDIAN), spread)) / spread for spread in (LENS_SPREAD, UNUSUAL_SPREAD)
        )
        return cls(_normalized(np.log((1 - UNUSUAL_SHARE) * usual + UNUSUAL_SHARE * unusual)))

    @classmethod
    def of_anything(cls) -> "FocalLengthBelief":
        """No knowledge: all values of `LOG_RATIOS` alike."""
        return cls(_normalized(np.zeros(len(LOG_RATIOS))))

    def with_cue(self, log_likelihood: np.ndarray, misleading: float) -> "FocalLengthBelief":
        """Take a cue into account.

        Args:
            log_likelihood: [G] for each value in `LOG_RATIOS`, up to a constant.
            misleading: probability that the cue shows any focal length rather than the true one, 0 to 1.
        """
        likelihood = np.exp(log_likelihood - log_likelihood.max())
        mixture = (1 - misleading) * likelihood + misleading * likelihood.mean()
        return replace(self, probabilities=_normalized(np.log(self.probabilities + 1e-300) + np.log(mixture + 1e-300)))

    def with_measurement(self, log_ratio: float, error: float, misleading: float) -> "FocalLengthBelief":
        """Take a measured logarithm of the focal length over the diagonal into account, with its standard error."""
        return self.with_cue(_log_normal(log_ratio, error), misleading)

    @property
    def log_ratio(self) -> float:
        """Median of the logarithm of the focal length over the image's diagonal."""
        return self._quantile(0.5)

    @property
    def error(self) -> float:
        """Expected error of `log_ratio`: the true value is nearer with a probability of two in three."""
        low, high = (self._quantile(quantile) for quantile in _ONE_SIGMA)
        return (high - low) / 2

    @cached_property
    def _cumulative(self) -> np.ndarray:
        cumulative = np.cumsum(self.probabilities)
        return cumulative - self.probabilities / 2  # at the middle of each interval of the grid

    def _quantile(self, share: float) -> float:
        return float(np.interp(share, self._cumulative, LOG_RATIOS))


def _log_normal(middle: float, spread: float) -> np.ndarray:
    return -0.5 * ((LOG_RATIOS - middle) / spread) ** 2


def _normalized(log_probabilities: np.ndarray) -> np.ndarray:
    probabilities = np.exp(log_probabilities - log_probabilities.max())
    return probabilities / probabilities.sum()
