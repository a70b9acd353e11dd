"""Contact locking keeps soles and hands in contact in place, lets feet roll, and fades in and out without jumps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tar_core.body.shape import rest_joints
from tar_core.cleanup.contact_locking import lock_contacts
from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.foot_locking import foot_points
from tar_core.cleanup.hand_contacts import hand_heights, palm_points
from tar_core.cleanup.limb_ik import ARMS, LEGS
from tar_core.cleanup.pipeline import clean_up
from tar_core.edits import FEET, HANDS
from tar_core.motion import LEVEL, Floor, MotionClip, PersonMotion
from tar_core.options import CleanupOptions
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tests.support.standing import BODY, FPS, leaning_motion, standing_motion, stepping_motion

DEMO = Path(__file__).parents[2] / "data" / "captured_demo.npz"
ANKLES = [leg[2] for leg in LEGS]
BOTH_FEET = np.tile([True, True, False, False], (60, 1))


def moved(person: PersonMotion) -> np.ndarray:
    """Movement [N - 1, 2, 2] of heel and toes of each foot from frame to frame, meters."""
    return np.linalg.norm(np.diff(sole_points(person, BODY), axis=0), axis=-1).reshape(-1, 2, 2)


def in_range(first: int, end: int, count: int = 60) -> np.ndarray:
    """Contacts [N, 4] of the left foot in a range of frames."""
    contacts = np.zeros((count, 4), bool)
    contacts[first:end, 0] = True
    return contacts


def test_soles_of_the_demo_stay_in_place_in_all_contacts() -> None:
    clip = MotionClip.load(DEMO)
    result = clean_up(clip, BODY, CleanupOptions(), on_ground=True)
    (person,), (contacts,) = result.clip.people, result.contacts
    held = (contacts[:-1] & contacts[1:])[:, FEET]
    assert held.sum() > 15 and moved(person).min(-1)[held].max() < 0.001


def test_foot_that_swings_is_held_and_starts_to_move_without_a_jump() -> None:
    person = stepping_motion(0.6)
    locked = lock_contacts(person, BODY, FPS, in_range(20, 40))
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
    contacts = BOTH_FEET
    flat = lock_contacts(replace(person, poses=turning.reshape(60, 72)), BODY, FPS, contacts)
    assert moved(flat)[:, 0].max() < 0.001
    floor = Floor(LEVEL, float(sole_points(person, BODY)[..., 1].max()))
    rolled = lock_contacts(replace(person, poses=rolling.reshape(60, 72)), BODY, FPS, contacts, floor=floor)
    assert moved(rolled)[:, 0, 1].max() < 0.001 and moved(rolled)[:, 0, 0].max() > 0.01


def test_root_follows_a_straight_leg_that_is_too_short() -> None:
    """The body rises and sinks by 2 cm above straight legs."""
    person = standing_motion()
    person.trans[:, 1] -= 0.02 * (1 - np.cos(np.arange(60) / 6)).astype(np.float32)
    locked = lock_contacts(person, BODY, FPS, BOTH_FEET)
    assert moved(person).max() > 0.003 and moved(locked).max() < 0.001
    knees = locked.poses.reshape(60, 24, 3)[:, JOINT_NAMES.index("left_knee")]
    assert np.abs(knees).max() < 0.3


def test_held_soles_are_placed_on_the_floor() -> None:
    person = stepping_motion(0.1)
    floor = Floor(LEVEL, float(sole_points(person, BODY)[..., 1].max()) - 0.01)
    locked = lock_contacts(person, BODY, FPS, BOTH_FEET, floor=floor)
    heights = floor.heights(sole_points(locked, BODY)).reshape(60, 2, 2).min(-1)
    assert np.abs(heights).max() < 0.003


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_motions_keep_their_length(count: int) -> None:
    assert len(lock_contacts(standing_motion(count), BODY, FPS, BOTH_FEET[:count])) == count


def test_strength_scales_the_effect_and_marked_contacts_are_held_at_any_strength() -> None:
    person = stepping_motion(0.6)
    contacts = in_range(20, 40)
    slides = [moved(lock_contacts(person, BODY, FPS, contacts, strength))[20:39, 0].max() for strength in (0, 0.5, 1)]
    assert slides[0] > 1.2 * slides[1] > 3 * slides[2]
    assert lock_contacts(person, BODY, FPS, contacts, 0.0) is person
    marks = contacts.astype(np.int8)
    assert moved(lock_contacts(person, BODY, FPS, contacts, 0.0, marks=marks))[20:39, 0].max() < 0.001


def hands_in_contact(first: int, end: int) -> np.ndarray:
    """Contacts [60, 4] of both feet in all frames, and of both hands in a range of frames."""
    contacts = BOTH_FEET.copy()
    contacts[first:end, HANDS] = True
    return contacts


@pytest.mark.parametrize("bend", [0.05, 0.3, 0.9])
def test_hands_are_held_and_let_go_without_a_jump(bend: float) -> None:
    person = leaning_motion(bend)
    locked = lock_contacts(person, BODY, FPS, hands_in_contact(20, 40), strength=0.0)
    before, after = (palm_points(one, BODY) for one in (person, locked))
    steps = np.linalg.norm(np.diff(after, axis=0), axis=-1)
    assert np.linalg.norm(np.diff(before, axis=0), axis=-1)[20:39].max() > 0.004 and steps[20:39].max() < 0.0005
    assert np.linalg.norm(np.diff(after, 2, axis=0), axis=-1).max() < 6.0 * 2 / FPS**2
    np.testing.assert_allclose(after[[0, -1]], before[[0, -1]], atol=0.005)
    hands = [wrist for _, _, wrist in ARMS]
    poses = locked.poses.reshape(60, 24, 3).astype(float)
    rotations = pose_skeleton(poses, rest_joints(BODY, np.zeros(10)))[0][20:40, hands, :3, :3]
    np.testing.assert_allclose(rotations, np.broadcast_to(rotations[:1], rotations.shape), atol=0.01)


def test_held_hands_bend_elbows_as_they_bend_and_turn_other_joints_little() -> None:
    person = leaning_motion(0.3)
    locked = lock_contacts(person, BODY, FPS, hands_in_contact(20, 40))
    before, after = (one.poses.reshape(60, 24, 3) for one in (person, locked))
    for (_, elbow, _), sign in zip(ARMS, (-1, 1), strict=True):
        assert (sign * after[:, elbow, 1] > 0).all() and np.abs(after[:, elbow, [0, 2]]).max() < 0.2
    in_limbs = {joint for limb in (*LEGS, *ARMS) for joint in limb}
    others = [joint for joint in range(24) if joint not in in_limbs]
    np.testing.assert_array_equal(after[:, others], before[:, others])
    assert np.abs(after - before).max() < 0.35


def test_feet_and_hands_are_held_together() -> None:
    person = leaning_motion(0.9)
    locked = lock_contacts(person, BODY, FPS, hands_in_contact(20, 40))
    assert moved(person).min(-1).max() > 0.003 and moved(locked).min(-1).max() < 0.0005
    assert np.linalg.norm(np.diff(palm_points(locked, BODY), axis=0), axis=-1)[20:39].max() < 0.0005


def test_low_hands_are_placed_on_the_floor_and_high_hands_stay() -> None:
    person = leaning_motion(0.9)
    person.poses[:, 0] = -np.pi / 2  # face down, with the hands below
    poses = person.poses.reshape(60, 24, 3).astype(float)
    bones, _ = pose_skeleton(poses, rest_joints(BODY, np.zeros(10)))
    below = float(palm_points(person, BODY)[..., 1].max())
    contacts = np.zeros((60, 4), bool)
    contacts[:, HANDS] = True
    for gap, expected in ((0.05, 0.0), (0.5, 0.5)):
        floor = Floor(LEVEL, below + gap)
        before = hand_heights(person, BODY, bones, floor).mean()
        locked = lock_contacts(person, BODY, FPS, contacts, floor=floor)
        bones_after, _ = pose_skeleton(locked.poses.reshape(60, 24, 3).astype(float), rest_joints(BODY, np.zeros(10)))
        after = hand_heights(locked, BODY, bones_after, floor)
        np.testing.assert_allclose(after, before if expected else 0.0, atol=0.01)


def test_contacts_of_feet_do_not_change_arms() -> None:
    person = stepping_motion(0.6)
    locked = lock_contacts(person, BODY, FPS, in_range(20, 40))
    arms = [joint for arm in ARMS for joint in arm]
    before, after = (one.poses.reshape(60, 24, 3)[:, arms] for one in (person, locked))
    np.testing.assert_array_equal(after, before)
