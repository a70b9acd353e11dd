"""Errors of rotations."""

import numpy as np

from benchmarks.rotation_errors import degrees_between
from tar_core.rotations import axis_angle_to_matrix


def test_angle_between_rotations() -> None:
    turn = axis_angle_to_matrix(np.array([[0, 0, 0.5], [0.1, 0, 0]]))
    np.testing.assert_allclose(degrees_between(turn, np.eye(3)[None]), np.degrees([0.5, 0.1]), atol=1e-6)
