"""Edits of people in the clean-up: contacts, known heights, and standing on the floor."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.shape import body_height, rest_joints
from tar_core.cleanup.camera_height import feet_height
from tar_core.cleanup.contacts import sole_points
from tar_core.cleanup.foot_locking import foot_points
from tar_core.cleanup.hand_contacts import palm_points
from tar_core.cleanup.pipeline import CleanMotion, clean_up, finish, settle
from tar_core.edits import EFFECTORS, FEET, PersonEdits
from tar_core.errors import TarError
from tar_core.motion import LEVEL, MotionClip, PersonMotion, Vertical
from tar_core.options import NO_CLEANUP, CleanupOptions
from tar_core.skeleton import pose_skeleton
from tests.support.standing import BODY, clip_of, leaning_motion, standing_motion, stepping_motion

FIRST, LAST = 25, 40


def filmed(*people: PersonMotion) -> MotionClip:
    return replace(clip_of(*people), vertical=Vertical(LEVEL, 1.0))


def cleaned(clip: MotionClip, edits: Mapping[int, PersonEdits] | None = None) -> CleanMotion:
    return clean_up(clip, BODY, CleanupOptions(), on_ground=True, edits=edits)


def slide(person: PersonMotion, foot: str) -> float:
    """Largest movement per frame of the left or right foot's slowest point in the edited frames, meters."""
    points = foot_points(person, BODY)[:, [0, 1] if foot == "left" else [2, 3]]
    return float(np.linalg.norm(np.diff(points, axis=0), axis=-1)[FIRST:LAST].min(1).max())


def pixels(clip: MotionClip, person: PersonMotion) -> np.ndarray:
    """Pixels [N, 24, 2] of the joints."""
    rest = rest_joints(BODY, person.betas.astype(float))
    joints = pose_skeleton(person.poses.reshape(-1, 24, 3).astype(float), rest)[1] + person.trans[:, None]
    return clip.focal_length * joints[..., :2] / joints[..., 2:]


def test_marked_contact_locks_the_foot_in_that_range() -> None:
    clip = filmed(stepping_motion(1.2, 120))
    before = cleaned(clip)
    (person,) = before.clip.people
    assert slide(person, "left") > 0.005 and not before.contacts[0][FIRST : LAST + 1, 0].all()
    after = cleaned(clip, {1: PersonEdits().with_contact("left_foot", FIRST, LAST, True)})
    (locked,) = after.clip.people
    assert slide(locked, "left") < 0.001
    assert after.contacts[0][FIRST : LAST + 1, 0].all()
    np.testing.assert_array_equal(after.contacts[0][:, 1], before.contacts[0][:, 1])
    np.testing.assert_allclose(locked.poses[:3], person.poses[:3], atol=0.01)
    np.testing.assert_allclose(locked.trans[:3], person.trans[:3], atol=0.003)
    later = slice(LAST + 45, None)  # 1.5 s
    np.testing.assert_allclose(locked.poses[later], person.poses[later], atol=0.002)
    np.testing.assert_allclose(locked.trans[later], person.trans[later], atol=0.001)


def test_feet_do_not_slide_at_another_frame_rate() -> None:
    edits = {1: PersonEdits().with_contact("left_foot", FIRST, LAST, True)}
    result = clean_up(filmed(stepping_motion(1.2)), BODY, CleanupOptions(), on_ground=True, fps=50, edits=edits)
    (person,), (contacts,) = result.clip.people, result.contacts
    soles = sole_points(person, BODY)
    moved = np.linalg.norm(np.diff(soles, axis=0), axis=-1).reshape(-1, 2, 2).min(-1)
    held = (contacts[:-1] & contacts[1:])[:, FEET]
    assert len(person) > 90 and held[:, 0].sum() > 20 and moved[held].max() < 0.001


def test_released_foot_moves_as_captured() -> None:
    captured = stepping_motion(0.12)
    clip = filmed(captured)
    before = cleaned(clip)
    moved = slide(captured, "left")
    assert before.contacts[0][FIRST : LAST + 1, 0].all() and slide(before.clip.people[0], "left") < 0.4 * moved
    after = cleaned(clip, {1: PersonEdits().with_contact("left_foot", FIRST, LAST, False)})
    assert not after.contacts[0][FIRST : LAST + 1, 0].any()
    assert slide(after.clip.people[0], "left") > 0.8 * moved


def test_marked_foot_is_locked_without_foot_locking() -> None:
    clip = filmed(stepping_motion(1.2))
    edits = {1: PersonEdits().with_contact("left_foot", FIRST, LAST, True)}
    (locked,) = clean_up(clip, BODY, NO_CLEANUP, edits=edits).clip.people
    assert slide(locked, "left") < 0.001
    np.testing.assert_allclose(locked.poses[:10], clip.people[0].poses[:10], atol=1e-3)


def test_marked_contacts_keep_captured_fingers() -> None:
    person = stepping_motion(1.2)
    count = len(person)
    hands = replace(person, hand_poses=np.full((count, 90), 0.1), hand_confidence=np.ones((count, 2)))
    edits = {1: PersonEdits().with_contact("left_foot", FIRST, LAST, True)}
    (locked,) = clean_up(filmed(hands), BODY, NO_CLEANUP, edits=edits).clip.people
    assert slide(locked, "left") < 0.001
    np.testing.assert_allclose(locked.hand_poses, hands.hand_poses, atol=1e-6)


def test_marked_hand_is_held_at_any_frame_rate_and_strength() -> None:
    clip = filmed(leaning_motion(0.5))
    edits = {1: PersonEdits().with_contact("right_hand", FIRST, LAST, True)}
    for options, fps in ((CleanupOptions(), None), (CleanupOptions(), 24.0), (NO_CLEANUP, None)):
        before, after = (clean_up(clip, BODY, options, on_ground=True, fps=fps, edits=one) for one in ({}, edits))
        steps = [
            np.linalg.norm(np.diff(palm_points(result.clip.people[0], BODY)[:, 1], axis=0), axis=-1)
            for result in (before, after)
        ]
        held = after.contacts[0][:, EFFECTORS.index("right_hand")]
        held = held[:-1] & held[1:]
        assert held.sum() >= 11 and steps[0][held].max() > 0.003 and steps[1][held].max() < 0.001


def test_contacts_of_one_person_change_nobody_else() -> None:
    other = replace(stepping_motion(0.3), person_id=2, trans=stepping_motion(0.3).trans + [1.0, 0, 0.5])
    clip = filmed(stepping_motion(1.2), other)
    edits = {1: PersonEdits().with_contact("left_foot", FIRST, LAST, True)}
    before, after = cleaned(clip), cleaned(clip, edits)
    np.testing.assert_array_equal(after.clip.people[1].trans, before.clip.people[1].trans)
    np.testing.assert_array_equal(after.clip.people[1].poses, before.clip.people[1].poses)
    np.testing.assert_array_equal(after.placement.matrix(), before.placement.matrix())
    settled = settle(clip, BODY, CleanupOptions(), on_ground=True)
    (alone,) = finish(settled, BODY, CleanupOptions(), edits=edits, only=[1]).clip.people
    np.testing.assert_array_equal(alone.trans, after.clip.people[0].trans)


def test_known_height_keeps_the_picture() -> None:
    height = 1.8
    clip = filmed(stepping_motion(0.3))
    (before,) = cleaned(clip).clip.people
    (after,) = cleaned(clip, {1: PersonEdits(height)}).clip.people
    assert body_height(BODY, after.betas) == pytest.approx(height, abs=0.001)
    ratio = np.linalg.norm(after.trans, axis=1) / np.linalg.norm(before.trans, axis=1)
    np.testing.assert_allclose(ratio, height / 1.7, atol=0.02)
    distance = np.linalg.norm(pixels(clip, after) - pixels(clip, before), axis=-1)
    assert distance.mean() < 0.5 and distance[:, 0].max() < 0.5


def test_known_height_of_one_person_decides_the_floor() -> None:
    other = replace(standing_motion(60), person_id=2, trans=standing_motion(60).trans + [0.8, 0, 0])
    clip = filmed(standing_motion(60), other)
    after = cleaned(clip, {2: PersonEdits(1.85)})
    heights = [body_height(BODY, person.betas) for person in after.clip.people]
    assert heights[1] == pytest.approx(1.85, abs=0.001), "known sizes are not changed"
    assert heights[0] == pytest.approx(1.85, abs=0.03), "the other one stands beside and is as large in the image"


def hovering() -> MotionClip:
    """The second person is 1.3 times as far from the floor as the first, too much for a wrong size."""
    person = stepping_motion(0.2)
    raised = replace(person, person_id=2, trans=person.trans + [-0.6, -0.35, 0])
    return filmed(person, replace(person, person_id=3, trans=person.trans + [0.6, 0, 0]), raised)


def standing_height(clean: CleanMotion, index: int) -> float:
    return feet_height([clean.clip.people[index]], BODY, clean.placement)


def test_person_stands_on_the_floor_and_keeps_the_picture() -> None:
    clip = hovering()
    before, after = cleaned(clip), cleaned(clip, {2: PersonEdits(on_floor=True)})
    assert standing_height(before, 2) > 0.2
    assert abs(standing_height(after, 2)) < 0.02
    assert body_height(BODY, after.clip.people[2].betas) > 1.1 * body_height(BODY, before.clip.people[2].betas)
    distance = np.linalg.norm(pixels(clip, after.clip.people[2]) - pixels(clip, before.clip.people[2]), axis=-1)
    assert distance[:, 0].max() < 0.5 and distance.mean() < 1.5
    np.testing.assert_array_equal(after.clip.people[0].trans, before.clip.people[0].trans)


def test_person_of_known_height_stands_on_the_floor() -> None:
    after = cleaned(hovering(), {2: PersonEdits(1.7, on_floor=True)})
    assert abs(standing_height(after, 2)) < 0.03
    assert body_height(BODY, after.clip.people[2].betas) == pytest.approx(1.7, abs=0.001)


def test_person_above_the_camera_cannot_stand_on_the_floor() -> None:
    person = standing_motion(60)
    above = replace(person, person_id=2, trans=person.trans + [0, -2.5, 0])
    with pytest.raises(TarError, match="person 2 cannot stand on the floor"):
        cleaned(filmed(person, replace(person, person_id=3), above), {2: PersonEdits(on_floor=True)})
