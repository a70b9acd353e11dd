"""Captured motion does not change by accident: the demo video against a stored capture of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.capture.pipeline import capture
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import CaptureOptions
from tar_core.skeleton import NUM_JOINTS, pose_skeleton
from tests.support.paths import DATA

STORED = DATA / "captured_demo.npz"  # tar-capture capture cam01.mp4 --raw --end 19 --people largest
TOLERANCE = 0.008  # meters; OpenCV 5 decodes and resamples differently than OpenCV 4: at most 0.0055


def joints_of(person: PersonMotion) -> np.ndarray:
    """[N, 24, 3] joints in the camera frame, meters."""
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    _, joints = pose_skeleton(poses, rest_joints(load_body(), person.betas.astype(np.float64)))
    return joints + person.trans[:, None]


@pytest.mark.capture
def test_capture_of_the_demo_video_equals_the_stored_one(demo_video: Path) -> None:
    stored = MotionClip.load(STORED)
    (clip,) = capture(demo_video, CaptureOptions(end=19, people="largest", device="cpu"))
    assert clip.focal_length == pytest.approx(stored.focal_length, rel=1e-3)
    (person,), (before,) = clip.people, stored.people
    np.testing.assert_array_equal(person.frames, before.frames)
    off = np.linalg.norm(joints_of(person) - joints_of(before), axis=-1)
    assert off.max() < TOLERANCE
    assert np.abs(person.boxes - before.boxes).max() < 3  # pixels; 1.4 with OpenCV 5


def test_the_comparison_sees_a_small_change() -> None:
    (person,) = MotionClip.load(STORED).people
    moved = replace(person, trans=person.trans + [0, 0, 2 * TOLERANCE])
    assert np.linalg.norm(joints_of(moved) - joints_of(person), axis=-1).max() > TOLERANCE
