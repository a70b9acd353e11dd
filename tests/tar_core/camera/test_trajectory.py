"""Camera trajectories: interpolation, resampling, parts, and validation."""

import numpy as np
import pytest

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix


def dolly() -> CameraTrajectory:
    """Frames 10 to 13, in a world in which the first camera is 1.5 m above x = 3."""
    world = np.eye(4)
    world[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    world[:3, 3] = 3, 0, 1.5
    rotation_vectors = np.array([[0, 0, 0], [0, 0.1, 0], [0, 0.2, 0], [0, 0.3, 0]])
    positions = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 1], [2, 0, 2.0]])
    return CameraTrajectory(10, rotation_vectors, positions, np.array([1, 1, 2, 4.0]), world=world)


def test_interpolation_between_frames_and_clamping_at_the_ends() -> None:
    trajectory = dolly()
    frames = np.array([3, 10.5, 12, 50])
    np.testing.assert_allclose(trajectory.positions_at(frames), [[0, 0, 0], [0.5, 0, 0], [2, 0, 1], [2, 0, 2]])
    np.testing.assert_allclose(trajectory.zoom_factors_at(frames), [1, 1, 2, 4])
    np.testing.assert_allclose(
        trajectory.rotations_at(frames)[1], axis_angle_to_matrix(np.array([0, 0.05, 0])), atol=1e-12
    )


def test_resampled_interpolates_new_frames() -> None:
    doubled = dolly().resampled(2.0)
    assert (doubled.first_frame, doubled.last_frame) == (20, 26)
    np.testing.assert_allclose(doubled.positions[1], [0.5, 0, 0])
    np.testing.assert_allclose(doubled.zoom_factors, [1, 1, 1, 1.5, 2, 3, 4])


def test_part_is_relative_to_its_first_frame_and_keeps_the_world() -> None:
    trajectory = dolly()
    part = trajectory.part(12, 13)
    np.testing.assert_allclose(part.rotation_vectors[0], 0, atol=1e-12)
    np.testing.assert_allclose(part.positions[0], 0, atol=1e-12)
    np.testing.assert_allclose(part.zoom_factors, [2, 4])
    point = np.array([0.3, -0.2, 4.0])  # in the camera of frame 13
    last = np.array([13])
    in_world = []
    for whole in (trajectory, part):
        in_clip = whole.rotations_at(last)[0].T @ point + whole.positions_at(last)[0]
        in_world.append(whole.world[:3, :3] @ in_clip + whole.world[:3, 3])
    np.testing.assert_allclose(in_world[1], in_world[0], atol=1e-9)


def test_from_poses_is_relative_to_the_first_camera() -> None:
    random = np.random.default_rng(0)
    rotations, positions = axis_angle_to_matrix(random.normal(size=(5, 3))), random.normal(size=(5, 3))
    trajectory = CameraTrajectory.from_poses(2, rotations, positions, np.ones(5), world_is_upright=True)
    point = random.normal(size=3)  # in the world
    in_clip = trajectory.world[:3, :3].T @ (point - trajectory.world[:3, 3])
    for k in range(5):
        seen = trajectory.rotations_at(np.array([2 + k]))[0] @ (in_clip - trajectory.positions_at(np.array([2 + k]))[0])
        np.testing.assert_allclose(seen, rotations[k] @ (point - positions[k]), atol=1e-12)
    assert CameraTrajectory.from_poses(2, rotations, positions, np.ones(5), world_is_upright=False).world is None


def test_scaled_multiplies_all_distances() -> None:
    trajectory = dolly().scaled(2.0)
    np.testing.assert_allclose(trajectory.positions[-1], [4, 0, 4])
    np.testing.assert_allclose(trajectory.world[:3, 3], [6, 0, 3])
    assert trajectory.length == pytest.approx(2 * dolly().length)


def test_description() -> None:
    assert str(dolly()) == "camera rotates by 17°, moves 3.4 m, zooms from 1.00 to 4.00"
    assert str(CameraTrajectory(0, np.zeros((3, 3)))) == "camera rotates by 0°"


def test_check_frames_reports_missing_frames() -> None:
    dolly().check_frames(8, 15, slack=2)
    with pytest.raises(TarError, match="frames 10 to 13 of the video, but frames 10 to 99"):
        dolly().check_frames(10, 99, slack=2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"positions": np.zeros((2, 3))}, "positions must be three finite numbers"),
        ({"positions": np.full((4, 3), np.inf)}, "positions must be three finite numbers"),
        ({"zoom_factors": np.array([1, 1, 0, 1.0])}, "above zero"),
        ({"zoom_factors": np.ones(3)}, "above zero"),
        ({"world": np.eye(3)}, "4 by 4"),
    ],
)
def test_invalid_trajectories_are_rejected(wrong: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(TarError, match=message):
        CameraTrajectory(0, np.zeros((4, 3)), **wrong)


def test_rotations_between_frames_and_beyond_the_ends() -> None:
    trajectory = CameraTrajectory(10, np.array([[0.0, 0, 0], [0, 0.1, 0]]))
    at = trajectory.rotations_at(np.array([3, 10, 10.5, 11, 40]))
    np.testing.assert_allclose(at[:2], np.broadcast_to(np.eye(3), (2, 3, 3)), atol=1e-12)
    np.testing.assert_allclose(at[3], at[4])
    for row, angle in ((2, 0.05), (3, 0.1)):
        np.testing.assert_allclose(at[row][0], [np.cos(angle), 0, np.sin(angle)], atol=1e-12)
    doubled = CameraTrajectory(0, np.array([[0.0, 0, 0], [0, 0.1, 0]])).resampled(2)
    np.testing.assert_allclose(doubled.rotation_vectors[:, 1], [0, 0.05, 0.1], atol=1e-12)


@pytest.mark.parametrize("rotation_vectors", [np.zeros(3), np.zeros((0, 3)), np.full((2, 3), np.nan)])
def test_invalid_rotations_are_rejected(rotation_vectors: np.ndarray) -> None:
    with pytest.raises(TarError, match="three finite numbers"):
        CameraTrajectory(0, rotation_vectors)
