"""Joints of the main person of a clip, for the comparison with ground truth."""

import numpy as np

from benchmarks.camera_joints import KEYPOINTS, SMPL_KEYPOINTS, camera_frame_joints, main_person
from benchmarks.pose2sim.score import SMPL_JOINTS
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.motion import MotionClip, PersonMotion


def make_person(person_id: int, frames: range, box: tuple[float, ...]) -> PersonMotion:
    count = len(frames)
    return PersonMotion(
        person_id=person_id,
        poses=np.zeros((count, 72)),
        betas=np.zeros(10),
        trans=np.outer(np.arange(count), [0.1, 0.0, 0.2]) + [0, 0, 3],
        frames=np.array(frames),
        boxes=np.tile(box, (count, 1)),
        confidence=np.ones(count),
    )


def test_main_person_has_the_largest_area_over_the_whole_video() -> None:
    small = make_person(0, range(100), (0, 0, 20, 50))
    brief = make_person(1, range(3), (0, 0, 200, 500))
    large = make_person(2, range(90), (0, 0, 100, 300))
    clip = MotionClip(30, 640, 480, 800, np.array([319.5, 239.5]), "video.mp4", [small, brief, large])
    assert main_person(clip) is large


def test_joints_are_those_of_the_translated_body() -> None:
    data = load_body()
    person = make_person(0, range(10, 20), (0, 0, 1, 1))
    joints = camera_frame_joints(person, BodyModel(data), frame_count=15)
    assert joints.shape == (15, 24, 3)
    assert np.isnan(joints[:10]).all(), "frames without the person"
    rest = data.J_regressor @ data.v_template
    np.testing.assert_allclose(joints[10:], rest + person.trans[:5, None], atol=1e-5)


def test_keypoints_have_the_order_of_the_ground_truth() -> None:
    assert KEYPOINTS[:2] == ("left_shoulder", "right_shoulder")
    assert SMPL_KEYPOINTS == SMPL_JOINTS
