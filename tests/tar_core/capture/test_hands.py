"""Fingers in a capture of real video."""

from pathlib import Path

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.hand_poses import hand_pose
from tar_core.body.shape import rest_joints
from tar_core.capture.pipeline import capture
from tar_core.motion import MotionClip
from tar_core.options import CaptureOptions


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


def test_fingers_are_off_by_default() -> None:
    assert not CaptureOptions().fingers
