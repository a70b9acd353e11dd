"""Errors of rotations."""

import numpy as np


def degrees_between(rotations: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Angles [...] between rotations [..., 3, 3]."""
    cosine = (np.einsum("...ij,...ij->...", rotations, others) - 1) / 2
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
