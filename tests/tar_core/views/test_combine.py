"""Clips of several views become one clip, without calibration."""

from dataclasses import replace

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.facing import mirrored_in_depth
from tar_core.errors import TarError
from tar_core.views.combine import combine_views
from tar_core.views.sightings import joints_of
from tests.support.views import BACK, FRONT, SIDE, clip_of, dancer, later, seen_by

BODY = load_body()


def error(person, truth):
    joints = joints_of(truth, BODY)[person.frames]
    return np.linalg.norm(joints_of(person, BODY) - joints, axis=-1).mean()


def test_two_views_are_combined():
    truth = dancer()
    front = seen_by(FRONT, truth, 0.1, 1)
    side = later(seen_by(SIDE, truth, 0.1, 2), 20)
    combined, (report,) = combine_views([clip_of(front), clip_of(side, source="side.mp4")], BODY)
    (person,) = combined.people
    assert report.delay == pytest.approx(20 / 30, abs=0.03)
    assert report.people == {1: 1}
    assert "side.mp4" in str(report)
    assert error(person, truth) < 0.65 * error(front, truth)


def test_the_views_may_have_other_frame_rates():
    truth = dancer(count=300)
    halved = replace(
        later(truth, 0),
        frames=np.arange(150),
        **{name: getattr(truth, name)[::2] for name in ("poses", "trans", "boxes", "confidence", "joint_errors")},
    )
    combined, (report,) = combine_views(
        [clip_of(truth, fps=60.0), clip_of(seen_by(SIDE, halved), source="side.mp4", fps=30.0)], BODY
    )
    assert report.delay == pytest.approx(0, abs=0.005)
    assert combined.fps == 60
    assert error(combined.people[0], truth) < 0.005


def test_frames_in_which_a_view_sees_the_wrong_side_count_little():
    truth = dancer()
    flipped = seen_by(SIDE, truth)
    mirrored = mirrored_in_depth(flipped, BODY, np.zeros((150, 3)))
    poses = flipped.poses.copy()
    poses[60:75] = mirrored.poses[60:75]
    clips = [clip_of(truth), clip_of(replace(flipped, poses=poses), source="side.mp4")]
    combined, _ = combine_views(clips, BODY)
    assert error(combined.people[0], truth) < 0.01


@pytest.mark.parametrize("order", [1, -1])
def test_people_are_matched(order):
    people = [dancer(1, place=(-0.6, 4)), replace(dancer(2, place=(0.7, 4.5)), person_id=2)]
    bystander = replace(dancer(3, place=(3, 5)), person_id=7)
    others = [replace(seen_by(BACK, person, 0.05, seed), person_id=10 + seed) for seed, person in enumerate(people)]
    clips = [clip_of(*people, bystander), clip_of(*others[::order], source="back.mp4")]
    combined, (report,) = combine_views(clips, BODY)
    assert report.people == {1: 10, 2: 11}
    assert [person.person_id for person in combined.people] == [1, 2, 7]
    np.testing.assert_array_equal(combined.people[2].poses, bystander.poses)


def test_dancers_who_move_alike_are_matched_by_their_places():
    left, right = dancer(1, place=(-0.8, 4)), replace(dancer(1, place=(0.8, 4)), person_id=2)
    others = [
        replace(seen_by(SIDE, person, 0.03, seed), person_id=10 + seed) for seed, person in enumerate((left, right))
    ]
    _, (report,) = combine_views([clip_of(left, right), clip_of(*others[::-1], source="side.mp4")], BODY)
    assert report.people == {1: 10, 2: 11}


def test_a_known_delay_is_used():
    """Somebody who stands still does not tell the time."""
    still = dancer()
    still = replace(still, poses=np.tile(still.poses[:1], (150, 1)), trans=np.tile(still.trans[:1], (150, 1)))
    clips = [clip_of(still), clip_of(seen_by(SIDE, still), source="side.mp4")]
    with pytest.raises(TarError, match=r"side\.mp4: nobody moves as in front\.mp4"):
        combine_views(clips, BODY)
    combined, (report,) = combine_views(clips, BODY, [0.5])
    assert report.delay == 0.5
    (person,) = combined.people
    assert np.linalg.norm(joints_of(person, BODY) - joints_of(still, BODY)[0], axis=-1).max() < 0.01


def test_with_a_known_delay_people_far_apart_are_not_matched():
    person, only_here = dancer(1), replace(dancer(2, place=(3, 5)), person_id=2)
    only_there = replace(seen_by(SIDE, dancer(3, place=(-3, 4))), person_id=9)
    side = clip_of(only_there, seen_by(SIDE, person), source="side.mp4")
    combined, (report,) = combine_views([clip_of(person, only_here), side], BODY, [0.0])
    assert report.people == {1: 1}
    np.testing.assert_array_equal(combined.people[1].poses, only_here.poses)


def test_views_that_cannot_be_combined_are_refused():
    person = dancer()
    clip, side = clip_of(person), clip_of(seen_by(SIDE, person), source="side.mp4")
    with pytest.raises(TarError, match="at least two views"):
        combine_views([clip], BODY)
    with pytest.raises(TarError, match="different bodies"):
        combine_views([clip, replace(side, body="smpl.pkl")], BODY)
    with pytest.raises(TarError, match=r"side\.mp4: no people"):
        combine_views([clip, replace(side, people=[])], BODY)
    with pytest.raises(TarError, match="a delay for each of the 1 further views"):
        combine_views([clip, side], BODY, [0.0, 1.0])
    moving = CameraTrajectory(0, np.zeros((150, 3)), np.linspace([0, 0, 0], [1, 0, 0], 150))
    with pytest.raises(TarError, match=r"side\.mp4: the camera moves"):
        combine_views([clip, replace(side, camera_trajectory=moving)], BODY)
    with pytest.raises(TarError, match="nobody moves"):
        combine_views([clip, clip_of(seen_by(SIDE, dancer(9)), source="side.mp4")], BODY)
