"""Loops: the seam has no jump of pose or speed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_blender.editing.bone_motion import BoneMotion
from tar_blender.editing.looping import find_loop, looped
from tar_core.errors import TarError
from tests.support.bone_motions import apart, random_motion


def repeated(values: np.ndarray) -> np.ndarray:
    """Two rounds of a loop whose last row is the first one."""
    return np.concatenate([values[:-1], values])


def bends(values: np.ndarray) -> np.ndarray:
    """The largest change of speed in each row but the first and the last."""
    changes = np.abs(np.diff(values, n=2, axis=0))
    return np.asarray(changes.reshape(len(changes), -1).max(1))


@given(st.integers(0, 1000), st.integers(5, 20))
def test_seam_has_no_jump_of_pose_or_speed(seed: int, blend: int) -> None:
    motion = random_motion(seed, count=70)
    loop = looped(motion, 12, 72, blend)
    assert apart(loop.part(12, 13), replace(loop.at(np.array([-1, 1])), frames=np.array([12, 13]))) < 1e-6
    for values in (loop.rotations, loop.positions):
        change = bends(repeated(values))
        seam = len(values) - 3
        assert change[seam : seam + 3].max() < 1.5 * np.delete(change, [seam, seam + 1, seam + 2]).max() + 1e-3


def test_middle_keeps_its_poses_and_drift_is_removed() -> None:
    motion = random_motion(1, count=70)
    loop = looped(motion, 10, 79, blend=10)
    middle = slice(12, -12)
    same = np.abs((loop.rotations[middle, 1:] * motion.rotations[middle, 1:]).sum(-1))
    assert same.min() > 1 - 1e-9
    assert np.abs(loop.positions[-1] - loop.positions[0]).max() < 1e-9
    assert abs(loop.headings()[-1] - loop.headings()[0]) < 1e-6


def test_travel_is_kept_along_a_straight_line() -> None:
    motion = random_motion(2, count=70)
    loop = looped(motion, 10, 79, blend=10, travels=True)
    way = np.linalg.norm(np.diff(motion.positions[[0, -1], :2], axis=0))
    assert 0.5 * way < np.linalg.norm(loop.positions[-1, :2] - loop.positions[0, :2]) < 2 * way
    assert abs(loop.positions[-1, 2] - loop.positions[0, 2]) < 1e-9


def periodic(count: int, period: float) -> BoneMotion:
    motion = random_motion(4, count)
    phase = 2 * np.pi * np.arange(count) / period
    angles = 0.6 * np.sin(phase[:, None] + np.arange(len(motion.bones)))
    rotations = np.stack([np.cos(angles / 2), np.sin(angles / 2), 0 * angles, 0 * angles], -1)
    return replace(motion, rotations=rotations, positions=np.stack([phase, 0 * phase, 1 + 0.03 * np.sin(phase)], 1))


def test_period_of_a_motion_is_found() -> None:
    first, last = find_loop(periodic(130, 31.0), shortest=20)
    assert last - first in (31, 62, 93)


def test_motion_too_short_for_a_loop() -> None:
    with pytest.raises(TarError, match="too few for a loop of 20"):
        find_loop(periodic(21, 31.0), shortest=20)
