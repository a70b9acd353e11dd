"""The benchmark of wrists and heads."""

import numpy as np
import pytest

from benchmarks.bench_wrists import HEAD, WRISTS, Errors, compare, milliseconds_per_frame, report
from benchmarks.world.truth import Truth
from tar_core.motion import MotionClip
from tar_core.rotations import axis_angle_to_matrix
from tests.support.clips import synthetic_clip

COUNT = 20


def clip_with(turns: dict[int, float]) -> MotionClip:
    """A person in the T-pose with joints that are turned by degrees; the left hand was seen in ten frames."""
    clip = synthetic_clip(frames=COUNT, first_frame=0)
    (person,) = clip.people
    poses = np.zeros((COUNT, 24, 3), np.float32)
    for joint, degrees in turns.items():
        poses[:, joint, 0] = np.radians(degrees)
    person.poses = poses.reshape(COUNT, -1)
    person.hand_poses, person.hand_confidence = np.zeros((COUNT, 90)), np.zeros((COUNT, 2))
    person.hand_confidence[:10, 0] = 0.9
    person.face_values, person.face_confidence = np.zeros((COUNT, 52)), np.ones(COUNT)
    return clip


def truth(turn: np.ndarray) -> Truth:
    """A person in the T-pose, seen by a camera that is turned."""
    rotations = np.repeat(axis_angle_to_matrix(-turn)[None], COUNT, 0)
    poses = np.zeros((1, COUNT, 24, 3))
    poses[:, :, 0] = turn
    zeros = np.zeros((COUNT, 3))
    return Truth(
        np.array([640, 480]), 600.0, rotations, zeros, poses, np.zeros((1, 10)), zeros[None], np.ones((1, COUNT))
    )


def test_errors_are_angles_in_the_camera() -> None:
    before, after = clip_with({WRISTS[0]: 40.0, HEAD: 20.0}), clip_with({WRISTS[0]: 10.0, HEAD: 5.0})
    found = compare(before, after, truth(np.array([0.0, 0.5, 0.2])))
    left, right = found["wrist"]
    (head,) = found["head"]
    for errors, first, second in ((left, 40, 10), (right, 0, 0), (head, 20, 5)):
        np.testing.assert_allclose(errors.before, first, atol=1e-2)
        np.testing.assert_allclose(errors.after, second, atol=1e-2)
        np.testing.assert_allclose(errors.steps, 0, atol=1e-2)
    assert left.seen.sum() == 10 and not right.seen.any() and head.seen.all()


def test_figures_are_of_what_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    seen = np.arange(COUNT) < 10
    errors = Errors(np.where(seen, 40.0, 90.0), np.where(seen, 10.0, 90.0), seen, np.ones(3))
    report({"wrist": [errors], "head": [errors]}, 0.05)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == (
        "FIGURE_WRISTS wrist_before_deg=40.0 wrist_after_deg=10.0 head_before_deg=40.0 head_after_deg=10.0"
        " ms_per_frame=0.05"
    )


def test_nothing_seen_has_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    errors = Errors(np.full(COUNT, 40.0), np.full(COUNT, 40.0), np.zeros(COUNT, bool), np.ones(3))
    report({"wrist": [errors]}, 0.05)
    assert "wrist_before_deg=nan" in capsys.readouterr().out.splitlines()[-1]


def test_the_time_is_measured() -> None:
    assert milliseconds_per_frame(clip_with({})) > 0
