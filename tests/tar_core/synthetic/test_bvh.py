"""Identification of SMPL's joints in other skeletons. Reading is tested in test_bvh_to_smpl and test_recordings."""

import numpy as np
import pytest

from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic.bvh import find_joints, read_bvh
from tests.support.bvh_files import LAFAN, random_axes, random_motion, rest_joints, write_bvh


@pytest.mark.parametrize("z_up", [False, True])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_positions_are_in_meters_and_y_up(scale, z_up):
    poses, rest = random_motion(1), rest_joints()
    recording = read_bvh("made", write_bvh(LAFAN, poses, rest, random_axes(1), scale, z_up=z_up))
    _, joints = pose_skeleton(poses, rest)
    np.testing.assert_allclose(recording.positions[:, :22], joints[:, :22], atol=1e-6)
    assert not recording.starts_in_t_pose() and recording.frame_time == pytest.approx(1 / 30)


@pytest.mark.parametrize(
    ("names", "parents", "expected"),
    [
        (  # no collars, a twist joint in the arm, one spine joint, no toes
            "Hips Chest Head LeftArm LeftArmTwist LeftForeArm LeftHand RightArm RightForeArm RightHand LeftUpLeg "
            "LeftLeg LeftFoot RightUpLeg RightLeg RightFoot",
            [-1, 0, 1, 1, 3, 4, 5, 1, 7, 8, 0, 10, 11, 0, 13, 14],
            {"left_collar": "Chest", "left_shoulder": "LeftArm", "left_elbow": "LeftForeArm", "spine1": "Chest",
             "spine3": "Chest", "neck": "Head", "right_foot": "RightFoot", "left_hand": "LeftHand"},
        ),
        (  # "LeftShoulder" is the upper arm
            "Hips Spine Neck Head LeftCollar LeftShoulder LeftElbow LeftWrist RightCollar RightShoulder RightElbow "
            "RightWrist LeftHip LeftKnee LeftAnkle LeftToe RightHip RightKnee RightAnkle RightToe",
            [-1, 0, 1, 2, 1, 4, 5, 6, 1, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18],
            {"left_collar": "LeftCollar", "left_shoulder": "LeftShoulder", "left_wrist": "LeftWrist",
             "left_hip": "LeftHip", "right_ankle": "RightAnkle", "left_foot": "LeftToe", "spine2": "Spine"},
        ),
    ],
)  # fmt: skip
def test_find_joints_by_name_and_hierarchy(names, parents, expected):
    names = names.split()
    found = {joint: names[index] for joint, index in zip(JOINT_NAMES, find_joints(names, parents), strict=True)}
    assert expected.items() <= found.items()


def test_skeleton_without_hands_is_refused():
    with pytest.raises(ValueError, match="left hand"):
        find_joints(["Root", "Spine", "Head", "Tail"], [-1, 0, 1, 0])
