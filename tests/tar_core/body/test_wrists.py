"""The limits of wrists and forearms."""

import numpy as np

from tar_core.body.wrists import (
    MAX_DEVIATION,
    MAX_FLEXION,
    MAX_TWIST,
    WRISTS,
    ForearmAxes,
    limited_hands,
    limited_wrists,
)
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    quaternion_product,
    quaternion_to_axis_angle,
)
from tests.support.hands import hand_rest_joints

WRIST = WRISTS[0]


def test_hands_are_turned_back_to_the_limits_of_the_forearm() -> None:
    axes = ForearmAxes.of_body("left", hand_rest_joints())
    for axis, limit in ((axes.along, MAX_TWIST), (axes.flexion, MAX_FLEXION), (axes.palm, MAX_DEVIATION)):
        for angle in (-2.5, -0.5, 0.5, 2.5):
            limited = limited_hands(axis_angle_to_matrix(angle * axis[None]), np.zeros(1), axes)
            expected = axis_angle_to_matrix(np.clip(angle, -limit, limit) * axis[None])
            np.testing.assert_allclose(limited, expected, atol=1e-6)


def turned_wrist(bend: tuple[float, float], twist: float) -> np.ndarray:
    """Poses [1, 24, 3] whose left wrist is twisted about the arm, then bent."""
    parts = (axis_angle_to_quaternion(np.array(part)) for part in ((0, *bend), (twist, 0, 0)))
    poses = np.zeros((1, 24, 3))
    poses[0, WRIST] = quaternion_to_axis_angle(quaternion_product(*parts))
    return poses


def test_wrists_within_their_limits_stay() -> None:
    poses = turned_wrist((0.9, -0.8), 1.2)
    np.testing.assert_array_equal(limited_wrists(poses, 0 * poses), poses)


def test_wrists_are_turned_back_to_their_limits() -> None:
    limit = np.radians([85, 90])
    for bend, twist in ((2.0, 0.3), (0.4, 2.2), (-2.0, -2.2)):
        expected = turned_wrist(
            (float(np.clip(bend, -limit[0], limit[0])), 0), float(np.clip(twist, -limit[1], limit[1]))
        )
        poses = turned_wrist((bend, 0), twist)
        np.testing.assert_allclose(limited_wrists(poses, 0 * poses), expected, atol=1e-6)
        np.testing.assert_allclose(limited_wrists(poses, poses), poses, atol=1e-6)
