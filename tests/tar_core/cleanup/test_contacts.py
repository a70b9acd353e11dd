"""Contacts of standing, stepping, hovering and lying bodies."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.cleanup.contacts import (
    SOLE_LANDMARKS,
    find_contacts,
    point_speed,
    sole_points,
    support_points,
    surface_points,
)
from tar_core.filters import true_runs
from tar_core.motion import LEVEL, Floor
from tests.support.standing import BODY, FPS, standing_motion, with_rotated_camera


def test_soles_are_the_lowest_points_of_a_standing_body() -> None:
    person = standing_motion(3)
    points = sole_points(person, BODY)
    assert points.shape == (3, len(SOLE_LANDMARKS), 3)
    pelvis = (BODY.J_regressor[0] @ BODY.v_template)[1]
    # The body is rotated by pi about the pelvis, so y points down.
    lowest = person.trans[0, 1] + 2 * pelvis - BODY.v_template[:, 1].min()
    np.testing.assert_allclose(points[..., 1], lowest, atol=0.02)


def test_soles_move_with_the_ankles() -> None:
    person = standing_motion(2)
    tip = replace(person, poses=person.poses.copy())
    tip.poses[:, 3 * 7] = 0.5  # the left ankle
    moved = np.linalg.norm(sole_points(tip, BODY) - sole_points(person, BODY), axis=-1)[0]
    assert (moved[:2] > 0.03).all() and (moved[2:] < 1e-6).all()


def test_step_between_two_contacts() -> None:
    """A point is at rest, moves by 0.6 m in a third of a second, and is at rest again."""
    x = np.interp(np.arange(60), [0, 25, 35, 59], [0, 0, 0.6, 0.6])
    points = np.stack([x, np.full(60, 1.0), np.full(60, 4.0)], -1)[:, None]
    contacts = find_contacts(points, FPS)[:, 0]
    assert contacts[:22].all() and contacts[38:].all() and not contacts[27:33].any()
    assert len(true_runs(contacts)) == 2


def test_point_at_rest_in_the_air_is_no_contact() -> None:
    points = np.tile([[0.0, 1.0, 4.0], [0.3, 0.6, 4.0]], (30, 1, 1))
    contacts = find_contacts(points, FPS, Floor(np.array([0.0, -1.0, 0.0]), 1.0))
    assert contacts[:, 0].all() and not contacts[:, 1].any()


def test_speed_along_the_line_of_sight_has_less_weight() -> None:
    drift = np.arange(30) / FPS * 0.5
    away = np.stack([0 * drift, 0 * drift, 4 + drift], -1)[:, None]
    sideways = np.stack([drift, 0 * drift, 4 + 0 * drift], -1)[:, None]
    assert find_contacts(away, FPS).all() and not find_contacts(sideways, FPS).any()
    assert (point_speed(sideways, FPS) > point_speed(away, FPS)).all()


def test_single_frame() -> None:
    assert find_contacts(np.ones((1, 4, 3)), FPS).shape == (1, 4)


def test_lying_body_is_supported_by_its_back() -> None:
    """The supports are on the back even though the feet are lifted, and vanish while the body slides."""
    person = standing_motion(40)
    poses = person.poses.reshape(40, 24, 3).copy()
    poses[:, 0] = [np.pi / 2, 0, 0]  # face up; y points down, so the back is lowest
    poses[:, 1:3, 0] = -0.6  # lifts both feet
    lying = replace(person, poses=poses.reshape(40, 72))
    points = surface_points(lying, BODY, BODY.markers)
    floor = Floor(np.array([0.0, -1.0, 0.0]), 1.0)
    supports = support_points(points, point_speed(points, FPS), floor)
    assert len(supports)
    np.testing.assert_allclose(supports[:, 1], points[..., 1].max(), atol=0.003)
    assert points[0, :, 1].max() - sole_points(lying, BODY)[0, :, 1].max() > 0.1
    sliding = points + np.arange(40)[:, None, None] / FPS * np.array([1.0, 0, 0])
    assert len(support_points(sliding, point_speed(sliding, FPS), floor)) == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_soles_and_contacts_rotate_with_the_camera(seed: int) -> None:
    """No direction of the camera frame is special."""
    random = np.random.default_rng(seed)
    person = standing_motion(30)
    person.trans += 0.01 * random.normal(size=(30, 3)).cumsum(0)
    camera = Rotation.from_rotvec(random.normal(size=3)).as_matrix()
    rotated = with_rotated_camera(person, camera)
    floor = Floor(LEVEL, 1.4)
    points = sole_points(person, BODY)
    np.testing.assert_allclose(sole_points(rotated, BODY), points @ camera.T, atol=1e-5)
    np.testing.assert_array_equal(
        find_contacts(points @ camera.T, FPS, Floor(camera @ LEVEL, 1.4)), find_contacts(points, FPS, floor)
    )
