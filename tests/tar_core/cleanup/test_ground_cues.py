"""Cues for the ground plane from a standing person."""

import numpy as np

from tar_core.body.shape import rest_joints
from tar_core.cleanup.ground_cues import GroundCues, PersonGeometry, body_axis, geometric_median, is_upright
from tar_core.motion import LEVEL, Floor
from tar_core.skeleton import pose_skeleton
from tar_core.synthetic.key_poses import LOW, STANDING, pose_from_degrees
from tests.support.standing import BODY, FPS, degrees_between, standing_motion


def test_cues_of_a_standing_person() -> None:
    person = PersonGeometry(standing_motion(), BODY, FPS, np.zeros(3))
    cues = GroundCues.of(person, None)
    assert len(cues.soles) == 4 and np.ptp(cues.soles[:, 1]) < 0.02
    assert (len(cues.feet), len(cues.bodies), len(cues.postures), len(cues.balances)) == (2, 1, 1, 1)
    for direction in (*cues.feet, *cues.bodies, *cues.postures, cues.balances[0].up):
        assert degrees_between(direction, LEVEL) < 10
    supported = GroundCues.of(person, Floor(LEVEL, float(cues.soles[:, 1].max())))
    assert len(supported.soles) > 4, "the lowest point of the surface is a support too"


def test_join_concatenates_the_cues_of_all_people() -> None:
    cues = GroundCues.of(PersonGeometry(standing_motion(), BODY, FPS, np.zeros(3)), None)
    joined = GroundCues.join([cues, cues])
    np.testing.assert_array_equal(joined.soles, np.concatenate([cues.soles, cues.soles]))
    assert len(joined.balances) == 2
    assert GroundCues.join([]).soles.shape == (0, 3)


def test_upright_bodies_have_straight_legs_and_trunk() -> None:
    poses = np.stack([pose_from_degrees(pose) for pose in (STANDING["stand"], LOW["sit"])])
    joints = pose_skeleton(poses, rest_joints(BODY, np.zeros(10)))[1]
    np.testing.assert_array_equal(is_upright(joints), [True, False])
    assert degrees_between(body_axis(joints)[0], -LEVEL) < 5, "y points up in SMPL's rest pose"


def test_geometric_median_ignores_an_outlier() -> None:
    directions = np.array([LEVEL, LEVEL, LEVEL, LEVEL, [1.0, 0.0, 0.0]])
    assert degrees_between(geometric_median(directions), LEVEL) < 1
