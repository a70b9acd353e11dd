"""Poses of the fingers."""

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.hand_poses import HAND_POSES, hand_pose, palm_direction
from tar_core.body.shape import rest_joints
from tar_core.skeleton import HAND_JOINT_NAMES, SMPLH_JOINT_NAMES, SMPLH_PARENTS, mirrored_name, pose_skeleton

REST = rest_joints(load_body().with_fingers(), np.zeros(10))


def posed(name: str) -> dict[str, np.ndarray]:
    pose = np.concatenate([np.zeros((22, 3)), hand_pose(name, REST)])
    _, joints = pose_skeleton(pose[None], REST, SMPLH_PARENTS)
    return dict(zip(SMPLH_JOINT_NAMES, joints[0], strict=True))


@pytest.mark.parametrize("name", HAND_POSES)
def test_left_and_right_are_mirror_images(name: str) -> None:
    pose = dict(zip(HAND_JOINT_NAMES, hand_pose(name, REST), strict=True))
    for joint, rotation in pose.items():
        np.testing.assert_allclose(pose[mirrored_name(joint)], rotation * [1, -1, -1], atol=2e-3)


def test_palms_look_down() -> None:
    joints = dict(zip(SMPLH_JOINT_NAMES, REST, strict=True))
    for side in ("left", "right"):
        assert palm_direction(side, joints)[1] < -0.9


def test_open_hands_are_hands_at_rest() -> None:
    assert not hand_pose("open", REST).any()


@pytest.mark.parametrize("side", ["left", "right"])
def test_fingers_close_from_open_to_fist(side: str) -> None:
    """The tips come closer to the wrist, on the side of the palm."""
    for finger in ("index", "middle", "ring", "pinky"):
        tips = [posed(name)[f"{side}_{finger}3"] for name in ("open", "relaxed", "fist")]
        wrist = posed("open")[f"{side}_wrist"]
        distances = [float(np.linalg.norm(tip - wrist)) for tip in tips]
        assert distances[0] > distances[1] > distances[2]
        assert tips[1][1] < tips[0][1], "the palms look down"
