"""Rotations of a joint that were seen in single frames, combined with those of the body network."""

import numpy as np

from tar_core.people.looks import values_over_time
from tar_core.rotations import matrix_to_axis_angle

SLOWNESS = 2.0  # of errors of the body network, as against fingers and faces


def corrections(
    own: np.ndarray, seen: np.ndarray, errors: np.ndarray, own_error: float, rows: np.ndarray, fps: float
) -> np.ndarray:
    """By how much a joint has to turn over time.

    The body network's rotations and those that were seen count by their squared expected errors. What was seen is
    smoothed relative to the network's rotations, which thus keep their fast changes. The corrections fade where nothing
    is seen.

    Args:
        own: [N, 3, 3] global rotations of the joint by the body network.
        seen: [M, 3, 3] the same in some frames, as seen.
        errors: [M] expected errors of `seen`, in the unit of `own_error`.
        own_error: expected error of `own`.
        rows: [M] increasing frames of `seen` among the N.
        fps: frames per second.

    Returns:
        [N, 3] axis-angle in the axes of the joint, to be applied before its own rotation.
    """
    turns = matrix_to_axis_angle(own[rows].swapaxes(1, 2) @ seen)
    share = own_error**2 / (own_error**2 + errors**2)
    smooth, confidence = values_over_time(turns, share, rows, len(own), fps, slowness=SLOWNESS)
    return smooth * confidence[:, None]
