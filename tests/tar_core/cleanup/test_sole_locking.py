"""Sole locking keeps the soles of feet in contact in place, lets them roll, and fades in and out without jumps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.foot_locking import foot_points
from tar_core.cleanup.leg_ik import LEGS
from tar_core.cleanup.pipeline import clean_up
from tar_core.cleanup.sole_locking import lock_soles
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.options import CleanupOptions
from tar_core.skeleton import JOINT_NAMES
from tests.support.standing import BODY, FPS, standing_motion, stepping_motion

DEMO = Path(__file__).parents[2] / "data" / "captured_demo.npz"
ANKLES = [leg[2] for leg in LEGS]


def moved(person: PersonMotion) -> np.ndarray:
    """Movement [N - 1, 2, 2] of heel and toes of each foot from frame to frame, meters."""
    return np.linalg.norm(np.diff(sole_points(person, BODY), axis=0), axis=-1).reshape(-1, 2, 2)


def in_range(first: int, end: int, count: int = 60) -> np.ndarray:
    """Contacts [N, 2] of the left foot in a range of frames."""
    contacts = np.zeros((count, 2), bool)
    contacts[first:end, 0] = True
    return contacts


def test_soles_of_the_demo_stay_in_place_in_all_contacts() -> None:
    clip = MotionClip.load(DEMO)
    result = clean_up(clip, BODY, CleanupOptions(), on_ground=True)
    (person,), (contacts,) = result.clip.people, result.contacts
    held = contacts[:-1] & contacts[1:]
    assert held.sum() > 15 and moved(person).min(-1)[held].max() < 0.001


def test_foot_that_swings_is_held_and_starts_to_move_without_a_jump() -> None:
    person = stepping_motion(0.6)
    locked = lock_soles(person, BODY, FPS, in_range(20, 40))
    assert moved(person)[20:39, 0].max() > 0.015 and moved(locked)[20:39, 0].max() < 0.001
    acceleration = [
        np.linalg.norm(np.diff(foot_points(moving, BODY), 2, axis=0), axis=-1).max() for moving in (person, locked)
    ]
    assert acceleration[1] < acceleration[0] + 3 * 3.0 / FPS**2
    far = np.r_[:10, 50:60]
    np.testing.assert_allclose(locked.poses[far], person.poses[far], atol=5e-3)
    np.testing.assert_allclose(locked.trans[far], person.trans[far], atol=1e-3)


def test_flat_foot_does_not_turn_and_raised_heel_rolls_about_the_toes() -> None:
    person = standing_motion()
    turning, rolling = (person.poses.reshape(60, 24, 3).copy() for _ in range(2))
    turning[:, ANKLES[0], 1] = 0.06 * np.sin(np.arange(60) / 8)
    rolling[:, ANKLES[0], 0] = 0.6 * (1 - np.cos(np.arange(60) / 6))
    contacts = np.ones((60, 2), bool)
    flat = lock_soles(replace(person, poses=turning.reshape(60, 72)), BODY, FPS, contacts)
    assert moved(flat)[:, 0].max() < 0.001
    floor = Floor(LEVEL, float(sole_points(person, BODY)[..., 1].max()))
    rolled = lock_soles(replace(person, poses=rolling.reshape(60, 72)), BODY, FPS, contacts, floor=floor)
    assert moved(rolled)[:, 0, 1].max() < 0.001 and moved(rolled)[:, 0, 0].max() > 0.01


def test_root_follows_a_straight_leg_that_is_too_short() -> None:
    """The body rises and sinks by 2 cm above straight legs."""
    person = standing_motion()
    person.trans[:, 1] -= 0.02 * (1 - np.cos(np.arange(60) / 6)).astype(np.float32)
    locked = lock_soles(person, BODY, FPS, np.ones((60, 2), bool))
    assert moved(person).max() > 0.003 and moved(locked).max() < 0.001
    knees = locked.poses.reshape(60, 24, 3)[:, JOINT_NAMES.index("left_knee")]
    assert np.abs(knees).max() < 0.3


def test_held_soles_are_placed_on_the_floor() -> None:
    person = stepping_motion(0.1)
    floor = Floor(LEVEL, float(sole_points(person, BODY)[..., 1].max()) - 0.01)
    locked = lock_soles(person, BODY, FPS, np.ones((60, 2), bool), floor=floor)
    heights = floor.heights(sole_points(locked, BODY)).reshape(60, 2, 2).min(-1)
    assert np.abs(heights).max() < 0.003


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motions_keep_their_length(count: int) -> None:
    assert len(lock_soles(standing_motion(count), BODY, FPS, np.ones((count, 2), bool))) == count


def test_strength_scales_the_effect_and_marked_contacts_are_held_at_any_strength() -> None:
    person = stepping_motion(0.6)
    contacts = in_range(20, 40)
    slides = [moved(lock_soles(person, BODY, FPS, contacts, strength))[20:39, 0].max() for strength in (0, 0.5, 1)]
    assert slides[0] > 1.2 * slides[1] > 3 * slides[2]
    assert lock_soles(person, BODY, FPS, contacts, 0.0) is person
    marks = contacts.astype(np.int8)
    assert moved(lock_soles(person, BODY, FPS, contacts, 0.0, marks=marks))[20:39, 0].max() < 0.001
