"""Outliers that are added to known motion."""

import numpy as np
import pytest

from benchmarks.motion_outliers import add_outlier, print_outliers
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tests.support.recordings import standing_recording


def test_outliers_change_some_consecutive_frames_only() -> None:
    random = np.random.default_rng(0)
    poses = np.random.default_rng(1).normal(size=(40, 24, 3))
    kinds = set()
    for _ in range(30):
        kind, changed_poses, away = add_outlier(poses, random)
        changed = np.flatnonzero((changed_poses != poses).any((1, 2)))
        np.testing.assert_array_equal(changed, np.arange(40)[away])
        assert 1 <= len(changed) <= 6
        kinds.add(kind)
    assert kinds == {"swapped", "lost"}


def test_outliers_of_a_still_person_are_repaired(capsys: pytest.CaptureFixture[str]) -> None:
    print_outliers([standing_recording()] * 3, rest_joints(load_body(), np.zeros(10)))
    printed = capsys.readouterr().out
    assert "limbs lost: 100%" in printed and "false alarms in the motion of test: 0 of 270 frames" in printed
