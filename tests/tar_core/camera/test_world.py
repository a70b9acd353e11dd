"""Conversion of motion between each frame's camera frame and the world frame of a camera trajectory."""

import numpy as np

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import to_camera_frame, to_world_frame, with_camera_trajectory
from tar_core.cleanup.foot_locking import foot_points, foot_sliding
from tar_core.rotations import axis_angle_to_matrix
from tests.support.moving_camera import BODY, PELVIS, clip_of, dolly, joint_pixels, walker


def test_to_camera_frame_inverts_to_world_frame() -> None:
    person, trajectory = walker(), dolly()
    there = to_world_frame(person, trajectory, PELVIS)
    back = to_camera_frame(there, trajectory, PELVIS)
    np.testing.assert_allclose(back.trans, person.trans, atol=1e-5)
    np.testing.assert_allclose(
        axis_angle_to_matrix(back.poses[:, :3]), axis_angle_to_matrix(person.poses[:, :3]), atol=1e-5
    )
    assert np.abs(there.trans - person.trans).max() > 0.5


def test_known_trajectory_brings_per_frame_motion_into_the_world_frame() -> None:
    truth, trajectory = walker(), dolly()
    network = clip_of(to_camera_frame(truth, trajectory, PELVIS))
    found = with_camera_trajectory(network, trajectory, BODY)
    np.testing.assert_allclose(found.people[0].trans, truth.trans, atol=1e-5)
    assert foot_sliding(foot_points(truth, BODY), np.ones((119, 4))) < foot_sliding(
        foot_points(network.people[0], BODY), np.ones((119, 4))
    )


def test_another_trajectory_keeps_the_projection() -> None:
    first = clip_of(walker(), dolly())
    other = CameraTrajectory(
        0, np.zeros((120, 3)), np.linspace([0, 0, 0], [1.0, 0, 0], 120), first.camera_trajectory.zoom_factors
    )
    second = with_camera_trajectory(first, other, BODY)
    np.testing.assert_allclose(joint_pixels(second, second.people[0]), joint_pixels(first, first.people[0]), atol=0.01)
    still = with_camera_trajectory(second, None, BODY)
    assert still.camera_trajectory is None


def test_depth_grows_with_the_zoom() -> None:
    zoom = CameraTrajectory(0, np.zeros((120, 3)), zoom_factors=np.linspace(1, 2, 120))
    person = walker()
    depth = to_world_frame(person, zoom, PELVIS).trans[:, 2]
    np.testing.assert_allclose(depth, person.trans[:, 2] * np.linspace(1, 2, 120), rtol=1e-6)
