"""Fingers in a capture of real video."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.hand_poses import hand_pose
from tar_core.body.shape import rest_joints
from tar_core.capture.track import rest_joints_with_fingers
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions
from tar_core.skeleton import JOINT_NAMES, SMPLH_JOINT_NAMES, pose_skeleton
from tests.support.networks import capture
from tests.support.smpl_files import smpl_content


@pytest.mark.slow
def test_fingers_of_the_demo_are_captured(demo_video: Path, untrained_checkpoint: Path, tmp_path: Path) -> None:
    options = CaptureOptions(
        people="largest", end=40, checkpoint=untrained_checkpoint, device="cpu", static_camera=True, fingers=True
    )
    (clip,) = capture(demo_video, options)
    (person,) = clip.people
    assert person.hand_poses is not None and person.hand_confidence is not None
    assert person.hand_poses.shape == (len(person), 90) and person.hand_confidence.shape == (len(person), 2)
    seen = person.hand_confidence[:, 1] > 0.5
    assert seen.mean() > 0.5, "the right hand is in front of the wall"
    relaxed = hand_pose("relaxed", rest_joints(load_body().with_fingers(), person.betas))[15:].ravel()
    assert np.abs(person.hand_poses[seen, 45:] - relaxed).max() > 0.3
    clip.save(tmp_path / "clip.npz")
    (again,) = MotionClip.load(tmp_path / "clip.npz").people
    assert again.hand_poses is not None
    np.testing.assert_array_equal(again.hand_poses, person.hand_poses)
    np.testing.assert_array_equal(again.poses, person.poses)

    (without,) = capture(demo_video, replace(options, fingers=False))
    (plain,) = without.people
    change = np.abs(person.poses - plain.poses).reshape(len(person), 24, 3).max((0, 2))
    arms = [JOINT_NAMES.index(f"{side}_{joint}") for side in ("left", "right") for joint in ("elbow", "wrist")]
    assert change[arms[2:]].min() > 0.02, "the right hand is turned"
    assert np.delete(change, arms).max() == 0
    joints, before = (
        pose_skeleton(each.poses.reshape(-1, 24, 3).astype(float), rest_joints(load_body(), person.betas))[1][:, :22]
        for each in (person, plain)
    )
    np.testing.assert_allclose(joints, before, atol=5e-4)  # meters; frames between the processed ones are interpolated


def test_a_body_without_fingers_gets_those_of_the_free_body_at_its_own_wrists(tmp_path: Path) -> None:
    file = tmp_path / "body.pkl"
    file.write_bytes(pickle.dumps(smpl_content(), 2))
    body, betas = load_body(file), np.full(10, 0.3, np.float32)
    joints, own = rest_joints_with_fingers(body, betas), rest_joints(body, betas)
    free = rest_joints_with_fingers(load_body(), betas)
    np.testing.assert_allclose(joints[:22], own[:22], atol=1e-6)
    index, wrist = SMPLH_JOINT_NAMES.index("right_index1"), SMPLH_JOINT_NAMES.index("right_wrist")
    np.testing.assert_allclose(joints[index] - joints[wrist], free[index] - free[wrist], atol=1e-6)


def test_fingers_are_off_by_default() -> None:
    assert not CaptureOptions().fingers
