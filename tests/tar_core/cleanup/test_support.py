"""What carries a person, and when nothing does."""

import numpy as np

from tar_core.cleanup.support import BodyPoints, find_flights, find_supports, relative_error
from tar_core.motion import LEVEL, Floor, PersonMotion
from tests.support.standing import BODY, FPS, jump, moved, standing_motion


def points_of(person: PersonMotion) -> BodyPoints:
    return BodyPoints.of(person, BODY, FPS, np.zeros((len(person), 3)))


def test_soles_carry_a_person_who_stands() -> None:
    clip = moved()
    points = points_of(clip.people[0])
    assert clip.floor is not None
    supports = find_supports(points, points.positions(np.zeros(60)), clip.floor, distances_known=True)
    assert supports[:, :4].all()
    heights = clip.floor.heights(points.positions(np.zeros(60)))
    assert not supports[heights > 0.2].any()


def test_back_carries_a_person_who_lies() -> None:
    poses = standing_motion().poses * 0
    poses[:, :3] = [np.pi / 2, 0, 0]  # the face is up
    person = PersonMotion(1, poses, np.zeros(10), np.tile([0, 1.2, 4.0], (60, 1)), np.arange(60), *boxes(60))
    points = points_of(person)
    positions = points.positions(np.zeros(60))
    floor = Floor(LEVEL, float(positions[..., 1].max()))
    supports = find_supports(points, positions, floor, distances_known=True)
    carried = positions[0][supports[0]]
    assert len(carried) and np.ptp(carried[:, 2]) > 0.5, "head to seat"


def boxes(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((count, 4)), np.ones(count)


def test_unknown_distances_do_not_hide_supports() -> None:
    points = points_of(moved(away=8.0).people[0])
    positions = points.positions(0.03 * (np.arange(60) // 5 % 2))
    floor = Floor(LEVEL, float(positions[..., 1].max()))
    assert find_supports(points, positions, floor, distances_known=False)[:, :4].any(1).mean() > 0.9
    assert find_supports(points, positions, floor, distances_known=True)[:, :4].any(1).mean() < 0.2


def test_flight_between_take_off_and_landing() -> None:
    clip = moved(up=jump(9.81, 0.7))
    points = points_of(clip.people[0])
    positions = points.positions(np.zeros(60))
    assert clip.floor is not None
    supports = find_supports(points, positions, clip.floor, distances_known=True)
    flights = find_flights(points, positions, supports, clip.floor)
    assert not flights[:15].any() and not flights[-15:].any()
    assert 10 <= flights.sum() <= 21


def test_error_of_the_distance_grows_with_that_of_the_joints() -> None:
    errors = relative_error(np.array([0.0, 0.09, 0.18, 9.0]), np.ones(4))
    np.testing.assert_allclose(errors, [1, 1, 4, 6])
    assert relative_error(np.array([0.09]), np.array([0.0])) > 3
