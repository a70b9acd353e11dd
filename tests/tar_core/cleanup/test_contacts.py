"""Contacts: who stands, stands; who walks or is in the air does not; short ones and flicker are no contacts."""

from dataclasses import replace

import numpy as np

from tar_core.body.data import load_body
from tar_core.cleanup.contacts import SOLES, find_contacts, point_speed, sole_points, supports, surface_points
from tar_core.filters import true_runs
from tar_core.motion import Floor
from tests.tar_core.cleanup.test_foot_locking import FPS, stander

BODY = load_body()


def test_soles_of_who_stands_are_the_bodys_lowest_points() -> None:
    person = stander(3)
    points = sole_points(person, BODY)
    assert points.shape == (3, len(SOLES), 3)
    pelvis = (BODY.J_regressor[0] @ BODY.v_template)[1]
    lowest = (
        person.trans[0, 1] + 2 * pelvis - BODY.v_template[:, 1].min()
    )  # turned by pi about the pelvis: y points down
    np.testing.assert_allclose(points[..., 1], lowest, atol=0.02)


def test_soles_move_with_the_ankles() -> None:
    person = stander(2)
    tip = replace(person, poses=person.poses.copy())
    tip.poses[:, 3 * 7] = 0.5  # the left ankle
    moved = np.linalg.norm(sole_points(tip, BODY) - sole_points(person, BODY), axis=-1)[0]
    assert (moved[:2] > 0.03).all() and (moved[2:] < 1e-6).all()


def test_a_step_between_two_stands() -> None:
    """One point stands, moves by 0.6 m in a third of a second, and stands again."""
    x = np.interp(np.arange(60), [0, 25, 35, 59], [0, 0, 0.6, 0.6])
    points = np.stack([x, np.full(60, 1.0), np.full(60, 4.0)], -1)[:, None]
    stands = find_contacts(points, FPS)[:, 0]
    assert stands[:22].all() and stands[38:].all() and not stands[27:33].any()
    assert len(true_runs(stands)) == 2


def test_what_hangs_still_in_the_air_does_not_stand() -> None:
    points = np.tile([[0.0, 1.0, 4.0], [0.3, 0.6, 4.0]], (30, 1, 1))
    stands = find_contacts(points, FPS, Floor(np.array([0.0, -1.0, 0.0]), 1.0))
    assert stands[:, 0].all() and not stands[:, 1].any()


def test_depth_counts_less_than_the_picture() -> None:
    drift = np.arange(30) / FPS * 0.5
    away = np.stack([0 * drift, 0 * drift, 4 + drift], -1)[:, None]
    sideways = np.stack([drift, 0 * drift, 4 + 0 * drift], -1)[:, None]
    assert find_contacts(away, FPS).all() and not find_contacts(sideways, FPS).any()
    assert (point_speed(sideways, FPS) > point_speed(away, FPS)).all()


def test_a_single_frame() -> None:
    assert find_contacts(np.ones((1, 4, 3)), FPS).shape == (1, 4)


def test_who_lies_rests_on_the_back() -> None:
    """Somebody on their back before a level camera rests on parts of the back, no matter where the feet are."""
    person = stander(40)
    poses = person.poses.reshape(40, 24, 3).copy()
    poses[:, 0] = [np.pi / 2, 0, 0]  # the belly looks up, y down: the back is the lowest
    poses[:, 1:3, 0] = -0.6  # both feet are lifted
    lying = replace(person, poses=poses.reshape(40, 72))
    points = surface_points(lying, BODY, BODY.markers)
    floor = Floor(np.array([0.0, -1.0, 0.0]), 1.0)
    places = supports(points, point_speed(points, FPS), floor)
    assert len(places)
    np.testing.assert_allclose(places[:, 1], points[..., 1].max(), atol=0.003)
    assert points[0, :, 1].max() - sole_points(lying, BODY)[0, :, 1].max() > 0.1
    sliding = points + np.arange(40)[:, None, None] / FPS * np.array([1.0, 0, 0])
    assert len(supports(sliding, point_speed(sliding, FPS), floor)) == 0
