import numpy as np

from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic import key_poses as module
from tar_core.synthetic.key_poses import key_pose_motions, pose_from_degrees
from tests.support.bvh_files import rest_joints


def joint(joints, name):
    return joints[JOINT_NAMES.index(name)]


def test_poses_match_their_names():
    rest = rest_joints()

    def posed(group, name):
        return pose_skeleton(pose_from_degrees(group[name])[None], rest)[1][0]

    sitting = posed(module.LOW, "sit")
    for side in ("left", "right"):
        thigh = joint(sitting, f"{side}_knee") - joint(sitting, f"{side}_hip")
        shin = joint(sitting, f"{side}_ankle") - joint(sitting, f"{side}_knee")
        assert thigh[2] > 0.9 * np.linalg.norm(thigh)
        assert -shin[1] > 0.9 * np.linalg.norm(shin)
    reaching = posed(module.STANDING, "reach up")
    assert joint(reaching, "left_wrist")[1] > joint(reaching, "head")[1]
    assert joint(reaching, "right_wrist")[1] > joint(reaching, "head")[1]
    one_arm = posed(module.STANDING, "reach up one arm")
    assert joint(one_arm, "right_wrist")[1] < joint(one_arm, "spine1")[1] < joint(one_arm, "left_wrist")[1]
    lying = posed(module.ON_THE_GROUND, "on the back")
    assert np.ptp(lying[:, 1]) < 0.5
    assert joint(lying, "left_foot")[1] > joint(lying, "left_ankle")[1]  # toes up


def test_motions_are_smooth_and_on_the_floor():
    rest = rest_joints()
    for motion in key_pose_motions(rest, count=4):
        _, joints = pose_skeleton(motion.poses, rest)
        joints = joints + (motion.trans - joints[:, 0])[:, None]
        np.testing.assert_allclose(joints[..., 1].min(1), 0.05, atol=1e-6)
        speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * motion.fps
        assert speed.max() < 20  # meters per second, of a hand while getting up


def test_same_seed_gives_the_same_motion():
    rest = rest_joints()
    first, again, other = key_pose_motions(rest, 1), key_pose_motions(rest, 1), key_pose_motions(rest, 1, seed=8)
    np.testing.assert_array_equal(first[0].poses, again[0].poses)
    assert not np.array_equal(first[0].poses, other[0].poses)
