"""Cues for the ground plane from a standing person."""

from dataclasses import replace

import numpy as np

from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.ground_cues import (
    GroundCues,
    PersonGeometry,
    body_axis,
    geometric_median,
    in_picture,
    is_upright,
)
from tar_core.motion import LEVEL, Floor
from tar_core.skeleton import pose_skeleton
from tar_core.synthetic.key_poses import LOW, STANDING, pose_from_degrees
from tests.support.standing import BODY, clip_of, degrees_between, standing_motion


def standing_geometry() -> PersonGeometry:
    person = standing_motion()
    return PersonGeometry(person, clip_of(person), BODY)


def test_points_in_the_picture_of_a_moving_camera() -> None:
    """The camera turns to the right, so that what is in the middle at first moves out of the picture."""
    clip = clip_of(standing_motion())
    turned = np.radians([[0.0, 0, 0], [0, -30, 0], [0, -150, 0]])
    clip = replace(clip, camera_trajectory=CameraTrajectory(0, turned))
    points = np.tile([[0.0, 0.0, 5.0], [2.5, 0.0, 5.0]], (3, 1, 1))
    np.testing.assert_array_equal(
        in_picture(clip, points, np.arange(3)), [[True, False], [False, True], [False, False]]
    )


def test_cues_of_a_standing_person() -> None:
    person = standing_geometry()
    cues = GroundCues.of(person, None)
    assert len(cues.soles) == 4 and np.ptp(cues.soles[:, 1]) < 0.02
    assert (len(cues.feet), len(cues.bodies), len(cues.postures), len(cues.balances)) == (2, 1, 1, 1)
    for direction in (*cues.feet, *cues.bodies, *cues.postures, cues.balances[0].up):
        assert degrees_between(direction, LEVEL) < 10
    supported = GroundCues.of(person, Floor(LEVEL, float(cues.soles[:, 1].max())))
    assert len(supported.soles) > 4, "the lowest point of the surface is a support too"


def test_join_concatenates_the_cues_of_all_people() -> None:
    cues = GroundCues.of(standing_geometry(), None)
    joined = GroundCues.join([cues, cues])
    np.testing.assert_array_equal(joined.soles, np.concatenate([cues.soles, cues.soles]))
    assert len(joined.balances) == 2
    np.testing.assert_array_equal(joined.owners, [0] * len(cues.soles) + [1] * len(cues.soles))
    assert GroundCues.join([]).soles.shape == (0, 3)


def test_upright_bodies_have_straight_legs_and_trunk() -> None:
    poses = np.stack([pose_from_degrees(pose) for pose in (STANDING["stand"], LOW["sit"])])
    joints = pose_skeleton(poses, rest_joints(BODY, np.zeros(10)))[1]
    np.testing.assert_array_equal(is_upright(joints), [True, False])
    assert degrees_between(body_axis(joints)[0], -LEVEL) < 5, "y points up in SMPL's rest pose"


def test_geometric_median_ignores_an_outlier() -> None:
    directions = np.array([LEVEL, LEVEL, LEVEL, LEVEL, [1.0, 0.0, 0.0]])
    assert degrees_between(geometric_median(directions), LEVEL) < 1
