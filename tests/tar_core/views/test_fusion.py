"""One motion from several views."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.views.fusion import fuse_person, pose_toward
from tar_core.views.sightings import joints_of, sightings_of
from tests.support.views import BACK, FPS, FRONT, SIDE, dancer, later, seen_by

BODY = load_body()
REST = rest_joints(BODY, np.zeros(10))


def fused(*views):
    """Fuse people who are given with their cameras; later views may start later."""
    people = [person for _, person in views]
    seen = [sightings_of(person, BODY).transformed(rotation.T, position) for (rotation, position), person in views]
    return fuse_person(people, seen, REST, FPS)


def error(person, truth):
    """Mean distance of joints from the truth in the same frames, meters."""
    joints = joints_of(truth, BODY)[person.frames - truth.frames[0]]
    return np.linalg.norm(joints_of(person, BODY) - joints, axis=-1).mean()


def test_equal_views_leave_the_motion_unchanged():
    truth = dancer()
    result = fused((FRONT, truth), (SIDE, seen_by(SIDE, truth)))
    np.testing.assert_allclose(joints_of(result, BODY), joints_of(truth, BODY), atol=1e-4)
    np.testing.assert_allclose(sightings_of(result, BODY).rotations, sightings_of(truth, BODY).rotations, atol=1e-3)
    assert (result.boxes == truth.boxes).all()
    assert result.joint_errors[:, 1:].max() < truth.joint_errors[:, 1:].min()


@pytest.mark.parametrize("seed", range(3))
def test_a_view_from_the_side_halves_the_errors(seed):
    truth = dancer(seed)
    front, side = seen_by(FRONT, truth, 0.1, 2 * seed), seen_by(SIDE, truth, 0.1, 2 * seed + 1)
    assert error(fused((FRONT, front), (SIDE, side)), truth) < 0.5 * error(front, truth)


def test_a_third_view_makes_it_better():
    truth = dancer()
    views = [(camera, seen_by(camera, truth, 0.1, seed)) for seed, camera in enumerate((FRONT, SIDE, BACK))]
    assert error(fused(*views), truth) < error(fused(*views[:2]), truth)


def test_frames_that_one_view_alone_sees_are_kept_without_a_jump():
    truth = dancer()
    front, side = seen_by(FRONT, truth, 0.1, 1), seen_by(SIDE, truth, 0.1, 2)
    front = replace(later(front, 40), frames=np.arange(40, 150))  # the first view finds the person later
    result = fused((FRONT, front), (SIDE, side))
    assert (result.frames == np.arange(150)).all()
    assert (result.boxes[:40] == 0).all() and (result.boxes[40:] > 0).all()
    alone = replace(side, **vars(seen_by((SIDE[0].T, -SIDE[0] @ SIDE[1]), side)))  # in the frame of the first view
    np.testing.assert_allclose(joints_of(result, BODY)[:40], joints_of(alone, BODY)[:40], atol=1e-3)
    steps, true_steps = (np.linalg.norm(np.diff(joints_of(p, BODY), axis=0), axis=-1) for p in (result, truth))
    assert (steps - true_steps)[39].max() < 0.03


def test_short_times_in_which_a_view_is_missing_are_left_out_at_the_ends():
    truth = dancer()
    side = later(seen_by(SIDE, truth), 5)
    result = fused((FRONT, truth), (SIDE, replace(side, frames=side.frames + 5)))
    assert (result.frames == np.arange(5, 150)).all()


def test_fingers_and_faces_come_from_the_view_that_sees_them():
    truth, count = dancer(), 150
    hand = np.full((count, 90), 0.2)
    seen = np.zeros((count, 2))
    seen[:, 1] = 0.8
    values = np.full((count, 52), 0.4)
    front = replace(
        truth, hand_poses=0 * hand, hand_confidence=1 - seen / 0.8, face_values=values, face_confidence=np.ones(count)
    )
    result = fused((FRONT, front), (SIDE, replace(seen_by(SIDE, truth), hand_poses=hand, hand_confidence=seen)))
    np.testing.assert_allclose(result.hand_poses[:, :45], 0, atol=1e-4)
    np.testing.assert_allclose(result.hand_poses[:, 45:], 0.2, atol=1e-4)
    np.testing.assert_allclose(result.hand_confidence[50], [1, 0.8])
    np.testing.assert_allclose(result.face_values, 0.4, atol=1e-6)


def test_a_pose_reaches_the_joints_of_the_same_body():
    truth = dancer()
    start = sightings_of(seen_by(FRONT, truth, 0.2), BODY).rotations
    poses, trans = pose_toward(joints_of(truth, BODY), start, REST)
    np.testing.assert_allclose(
        joints_of(replace(truth, poses=poses, trans=trans), BODY), joints_of(truth, BODY), atol=2e-3
    )
