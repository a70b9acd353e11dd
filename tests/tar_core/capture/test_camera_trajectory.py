from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, with_camera_trajectory
from tar_core.capture.camera_trajectory import correct_scale
from tests.support.moving_camera import clip_of, dolly, walker


def test_scale_of_a_trajectory_is_checked_by_feet(caplog: pytest.LogCaptureFixture) -> None:
    truth, path = walker(), dolly()
    seen = replace(clip_of(truth), people=[to_camera_frame(truth, path, rest_joints(load_body(), np.zeros(10))[0])])
    short = with_camera_trajectory(seen, path.scaled(0.25), load_body())
    unchanged = correct_scale(short, load_body(), from_feet=False)
    assert unchanged is short and "4 times as long" in caplog.text and "estimate the scale from feet" in caplog.text
    assert caplog.records[-1].topic == "trajectory_scale"
    corrected = correct_scale(short, load_body(), from_feet=True)
    np.testing.assert_allclose(corrected.camera_trajectory.length, path.length, rtol=0.1)
    assert np.abs(corrected.people[0].trans - truth.trans).max() < 0.2
    correct_scale(clip_of(truth, CameraTrajectory(0, np.zeros((120, 3)))), load_body(), from_feet=True)
    assert "cannot be estimated from feet" in caplog.text
