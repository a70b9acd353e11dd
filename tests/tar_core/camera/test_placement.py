"""Placement of the camera frame in a world with z up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_core.camera.placement import WorldPlacement
from tar_core.motion import LEVEL, Floor


def test_level_camera_looks_along_y() -> None:
    matrix = WorldPlacement.level(1.5).camera_matrix()
    np.testing.assert_allclose(matrix @ [0, 0, -1, 1], [0, 1, 1.5, 1], atol=1e-12)
    np.testing.assert_allclose(matrix @ [0, 1, 0, 1], [0, 0, 2.5, 1], atol=1e-12)


def test_level_floor_gives_a_level_camera() -> None:
    placement = WorldPlacement.on_floor(Floor(LEVEL, 1.5))
    np.testing.assert_allclose(placement.rotation, WorldPlacement.level().rotation, atol=1e-12)
    np.testing.assert_allclose(placement.translation, [0, 0, 1.5])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=3).filter(lambda up: np.linalg.norm(up) > 0.1), st.floats(0.2, 5)
)
def test_floor_is_at_z_0(up: list[float], height: float) -> None:
    floor = Floor(np.array(up), height)
    placement = WorldPlacement.on_floor(floor)
    np.testing.assert_allclose(placement.rotation @ placement.rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(placement.rotation) > 0
    points = np.random.default_rng(0).normal(size=(9, 3))
    np.testing.assert_allclose(placement.points(points)[:, 2], floor.heights(points), atol=1e-9)
    ahead = placement.rotation @ [0, 0, 1]
    assert abs(ahead[0]) < 0.021 and ahead[1] > -0.021  # the tolerance is for cameras that look nearly straight down


@pytest.mark.parametrize("up", [(0, 0, -1), (0, 0, 1)])
def test_cameras_looking_straight_down_and_up(up: tuple[int, int, int]) -> None:
    placement = WorldPlacement.on_floor(Floor(np.array(up), 2.0))
    np.testing.assert_allclose(placement.rotation @ [0, 0, 1], [0, 0, up[2]], atol=1e-9)
    np.testing.assert_allclose(placement.rotation @ [0, -1, 0], [0, 1, 0], atol=1e-9)


def test_in_world_is_the_given_transform() -> None:
    world = WorldPlacement.on_floor(Floor(np.array([0.1, -0.9, -0.3]), 1.4)).matrix()
    placement = WorldPlacement.in_world(world)
    np.testing.assert_allclose(placement.matrix(), world)
    points = np.random.default_rng(0).normal(size=(9, 3))
    np.testing.assert_allclose(placement.points(points), points @ world[:3, :3].T + world[:3, 3])
    np.testing.assert_allclose(placement.rotations(np.eye(3)), world[:3, :3])
