"""The root's path: distances that jump, falls, the floor, and people of the wrong size."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.body_size import scaled_person
from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.root_path import correct_root_paths
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tests.support.standing import BODY, clip_of, jump, moved, standing_motion

FLOOR = Floor(LEVEL, 0.0)
PELVIS = rest_joints(BODY, np.zeros(10))[0]


def pelvis(person: PersonMotion) -> np.ndarray:
    """[N, 3] in the camera frame, meters."""
    return person.trans + rest_joints(BODY, person.betas.astype(np.float64))[0]


def with_distances(person: PersonMotion, factors: np.ndarray) -> PersonMotion:
    """The person with the pelvis at other distances on the same lines of sight."""
    return replace(person, trans=pelvis(person) * factors[:, None] - PELVIS)


def distances(clip: MotionClip) -> np.ndarray:
    return np.linalg.norm(pelvis(clip.people[0]), axis=1)


def test_distance_does_not_jump() -> None:
    """A person stands still; the captured distance alternates and is off by a quarter for a third of a second."""
    random = np.random.default_rng(0)
    factors = np.exp(0.02 * random.normal(size=60))
    factors[20:30] *= 1.25
    (still,) = moved().people
    paths = correct_root_paths(clip_of(with_distances(still, factors)), BODY, FLOOR)
    clip, floor = paths.clip, paths.floor
    true = np.linalg.norm(pelvis(still), axis=1)
    assert np.abs(distances(clip) / true - 1).max() < 0.04
    assert np.abs(np.diff(distances(clip))).max() * 30 < 0.25, "meters per second"
    assert floor is not None and floor.height == pytest.approx(moved().floor.height, rel=0.03)


def test_pelvis_stays_at_its_pixel() -> None:
    factors = np.exp(0.05 * np.sin(np.arange(60)))
    person = with_distances(standing_motion(), factors)
    clip = correct_root_paths(clip_of(person), BODY, FLOOR).clip
    before, after = pelvis(person), pelvis(clip.people[0])
    np.testing.assert_allclose(after[:, :2] / after[:, 2:], before[:, :2] / before[:, 2:], atol=1e-6)
    assert np.abs(after - before).max() > 0.05


def test_walk_towards_the_camera_is_kept() -> None:
    """A real change of the distance passes unchanged."""
    clip = moved(away=np.linspace(1.0, -1.0, 60))
    corrected = correct_root_paths(clip, BODY, clip.floor).clip
    np.testing.assert_allclose(corrected.people[0].trans, clip.people[0].trans, atol=0.06)


def test_person_in_the_air_does_not_rush_towards_the_camera() -> None:
    """The distance is wrong by a fifth during a jump, where the captured pose is uncertain."""
    clip = moved(up=jump(9.81, 0.7))
    (person,) = clip.people
    air = pelvis(person)[:, 1] < pelvis(person)[0, 1] - 0.05
    wrong = with_distances(person, np.where(air, 0.8, 1.0))
    wrong = replace(wrong, joint_errors=np.where(air, 0.2, 0.09)[:, None] * np.ones((60, 24)))
    corrected = correct_root_paths(clip_of(wrong), BODY, FLOOR).clip
    assert np.abs(corrected.people[0].trans - person.trans)[:, 2].max() < 0.1
    assert np.abs(wrong.trans - person.trans)[:, 2].max() > 0.7


def test_person_of_the_wrong_size_is_scaled_onto_the_common_floor() -> None:
    """Two people stand on one floor; the second is captured as 12 percent taller and farther away."""
    clip = moved()
    (first,) = clip.people
    second = replace(first, person_id=2, trans=first.trans + [1.2, 0, 0])
    tall = scaled_person(second, BODY, 1.12)
    shorter = replace(tall, **{name: getattr(tall, name)[:40] for name in ARRAYS})
    paths = correct_root_paths(clip_of(first, shorter), BODY, FLOOR)
    corrected, floor = paths.clip, paths.floor
    assert floor is not None and clip.floor is not None
    assert floor.height == pytest.approx(clip.floor.height, abs=0.02)
    soles = sole_points(corrected.people[1], BODY)
    assert abs(np.median(floor.heights(soles).min(1))) < 0.02
    np.testing.assert_allclose(corrected.people[1].trans, second.trans[:40], atol=0.08)
    np.testing.assert_array_equal(corrected.people[0].betas, first.betas)


ARRAYS = ("poses", "trans", "frames", "boxes", "confidence", "joint_errors")


def test_person_on_a_table_keeps_the_size() -> None:
    first = moved().people[0]
    above = replace(first, person_id=2, trans=first.trans + [1.0, -0.4, 0])
    above = replace(above, **{name: getattr(above, name)[:40] for name in ARRAYS})
    corrected = correct_root_paths(clip_of(first, above), BODY, FLOOR).clip
    np.testing.assert_array_equal(corrected.people[1].betas, above.betas)
    np.testing.assert_allclose(corrected.people[1].trans, above.trans, atol=0.05)


def test_sizes_stay_if_the_camera_is_near_the_floor() -> None:
    """From 20 cm above the floor, feet that are 3 cm too low would make a person smaller by 13 percent."""
    first = moved().people[0]
    floor = moved().floor
    assert floor is not None
    raised = replace(first, trans=first.trans - [0, floor.height - 0.2, 0])
    lower = replace(raised, person_id=2, trans=raised.trans + [1.0, 0.03, 0])
    lower = replace(lower, **{name: getattr(lower, name)[:40] for name in ARRAYS})
    corrected = correct_root_paths(clip_of(raised, lower), BODY, FLOOR).clip
    np.testing.assert_array_equal(corrected.people[1].betas, lower.betas)


def test_scaled_person_covers_the_same_pixels() -> None:
    person = standing_motion()
    larger = scaled_person(person, BODY, 1.1)
    before, after = sole_points(person, BODY), sole_points(larger, BODY)
    np.testing.assert_allclose(after[..., :2] / after[..., 2:], before[..., :2] / before[..., 2:], atol=0.01)
    assert np.linalg.norm(after, axis=-1).mean() == pytest.approx(
        1.1 * np.linalg.norm(before, axis=-1).mean(), rel=0.01
    )


def test_unknown_floor_stays_unknown() -> None:
    factors = np.exp(0.05 * np.random.default_rng(1).normal(size=60))
    paths = correct_root_paths(clip_of(with_distances(standing_motion(), factors)), BODY, None)
    clip, floor = paths.clip, paths.floor
    assert floor is None
    assert np.abs(np.diff(distances(clip))).max() < 0.02


def test_sizes_stay_if_the_camera_moves_by_a_known_path() -> None:
    """The camera's path is in meters, so the sizes of people follow from it."""
    count = 60
    positions = np.stack([np.linspace(0, 0.5, count), np.zeros(count), np.zeros(count)], 1)
    camera = CameraTrajectory(0, np.zeros((count, 3)), positions=positions)
    first = moved().people[0]
    tall = replace(scaled_person(first, BODY, 0.9), person_id=2)
    clip = replace(clip_of(first, tall), camera_trajectory=camera)
    corrected = correct_root_paths(clip, BODY, FLOOR).clip
    np.testing.assert_array_equal(corrected.people[1].betas, tall.betas)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motion_is_accepted(count: int) -> None:
    clip = correct_root_paths(clip_of(standing_motion(count)), BODY, FLOOR).clip
    assert np.isfinite(clip.people[0].trans).all()
