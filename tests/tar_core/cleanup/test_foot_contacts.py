"""Contacts of feet are found although captured feet are unsteady, and edited contacts are kept."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from tar_core.cleanup.foot_contacts import foot_contacts, most_likely_contacts
from tar_core.cleanup.foot_locking import foot_points
from tar_core.motion import LEVEL, Floor, PersonMotion
from tar_core.skeleton import JOINT_NAMES
from tests.support.moving_camera import BODY, FPS, walker
from tests.support.standing import standing_motion, stepping_motion


def with_unsteady_legs(person: PersonMotion, angle: float) -> PersonMotion:
    """The motion with hips that turn forth and back by up to an angle in radians, twice per second."""
    poses = person.poses.reshape(len(person), 24, 3).copy()
    angles = 4 * np.pi * np.arange(len(person)) / FPS
    for side, phase in (("left", 0.0), ("right", 1.0)):
        poses[:, JOINT_NAMES.index(f"{side}_hip"), 0] += angle * np.sin(angles + phase)
    return replace(person, poses=poses.reshape(len(person), 72))


def true_contacts(person: PersonMotion) -> np.ndarray:
    """Feet [N - 1, 2] that hardly move until the next frame."""
    return (np.linalg.norm(np.diff(foot_points(person, BODY)[:, [0, 2]], axis=0), axis=-1) * FPS) < 0.15


def test_feet_that_stand_are_in_contact_although_they_were_captured_unsteadily() -> None:
    contacts = foot_contacts(with_unsteady_legs(standing_motion(), 0.05), BODY, FPS)
    assert contacts.mean() > 0.95


def test_steps_of_a_walk_are_found_although_the_feet_are_unsteady() -> None:
    truth = walker()
    contacts = foot_contacts(with_unsteady_legs(truth, 0.03), BODY, FPS)[:-1]
    true = true_contacts(truth)
    assert contacts[true].mean() > 0.9 and contacts[~true].mean() < 0.25


def test_a_foot_that_steps_slowly_beside_one_that_stands_is_free() -> None:
    person = stepping_motion(0.8)
    speed = FPS * np.linalg.norm(np.diff(foot_points(person, BODY)[:, 0], axis=0), axis=1)
    assert speed.max() > 0.5
    contacts = foot_contacts(person, BODY, FPS)
    assert contacts[:, 1].all() and not contacts[:-1, 0][speed > 0.35].any()


def test_a_body_that_moves_as_a_whole_is_not_in_contact() -> None:
    person = standing_motion()
    glide = replace(person, trans=person.trans + np.arange(60)[:, None] / FPS * np.array([1.2, 0, 0]))
    assert not foot_contacts(glide, BODY, FPS).any()


def test_feet_in_the_air_are_free_although_they_rest() -> None:
    """A person who stands on the feet, and one who stands on the head."""
    person = standing_motion()
    assert foot_contacts(person, BODY, FPS, floor=Floor(LEVEL, 1.0)).all()
    assert not foot_contacts(person, BODY, FPS, floor=Floor(-LEVEL, 1.0)).any()


def test_edited_contacts_are_kept() -> None:
    marks = np.zeros((60, 2), np.int8)
    marks[20:30, 0], marks[40:41, 1] = -1, -1
    contacts = foot_contacts(standing_motion(), BODY, FPS, marks=marks)
    np.testing.assert_array_equal(contacts, marks == 0)
    glide = replace(standing_motion(), trans=standing_motion().trans + np.arange(60)[:, None] * np.array([0.04, 0, 0]))
    np.testing.assert_array_equal(foot_contacts(glide, BODY, FPS, marks=-marks), marks < 0)


@pytest.mark.parametrize("change", [0.0, 0.5, 2.0])
def test_the_most_likely_contacts_are_those_of_an_exhaustive_search(change: float) -> None:
    random = np.random.default_rng(0)
    gain = random.normal(size=(9, 4))
    sequences = np.array(list(product([0, 1], repeat=9)))
    changes = np.abs(np.diff(sequences, axis=1)).sum(1)
    best = sequences[(sequences @ gain - change * changes[:, None]).argmax(0)].T
    np.testing.assert_array_equal(most_likely_contacts(gain, change), best == 1)


def test_frames_count_by_their_duration() -> None:
    """A motion with twice as many frames has the same contacts."""
    person = with_unsteady_legs(walker(), 0.03)
    rows = np.repeat(np.arange(len(person)), 2)
    middle = {name: getattr(person, name)[rows].astype(float) for name in ("poses", "trans")}
    for values in middle.values():
        values[1:-1:2] = (values[0:-2:2] + values[2::2]) / 2
    fast = replace(
        person, **middle, frames=np.arange(len(rows)), boxes=person.boxes[rows], confidence=person.confidence[rows],
        joint_errors=person.joint_errors[rows],
    )  # fmt: skip
    contacts = foot_contacts(person, BODY, FPS)
    assert (foot_contacts(fast, BODY, 2 * FPS)[::2] == contacts).mean() > 0.97


@pytest.mark.parametrize("count", [1, 2])
def test_short_motions_have_contacts(count: int) -> None:
    assert foot_contacts(standing_motion(count), BODY, FPS).shape == (count, 2)
