"""Estimation of the scale of a camera trajectory."""

import numpy as np
import pytest

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, with_camera_trajectory
from tar_core.cleanup.trajectory_scale import scale_from_feet
from tests.support.moving_camera import BODY, PELVIS, clip_of, dolly, walker


@pytest.mark.parametrize("scale", [0.2, 1.0, 7.0])
def test_scale_from_feet_finds_the_scale_of_a_trajectory(scale: float) -> None:
    truth, path = walker(), dolly()
    network = clip_of(to_camera_frame(truth, path, PELVIS))
    wrong = with_camera_trajectory(network, path.scaled(1 / scale), BODY)
    assert scale_from_feet(wrong, BODY) == pytest.approx(scale, rel=0.1)


def test_scale_from_feet_is_none_for_a_static_camera() -> None:
    assert scale_from_feet(clip_of(walker()), BODY) is None
    assert scale_from_feet(clip_of(walker(), CameraTrajectory(0, np.zeros((120, 3)))), BODY) is None
