"""Taking a range from another motion."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_blender.editing.bone_motion import turn
from tar_blender.editing.splicing import spliced
from tar_core.errors import TarError
from tests.support.bone_motions import apart, random_motion

GROUND = [1, 1, 0]


@given(st.integers(0, 1000))
def test_root_meets_the_motion_at_both_ends(seed: int) -> None:
    motion, source = random_motion(seed), random_motion(seed + 1, count=90, first=0)
    result = spliced(motion, source, 25, 45, offset=3)
    for row in (15, 35):
        np.testing.assert_allclose(result.positions[row] * GROUND, motion.positions[row] * GROUND, atol=1e-9)
        turned = result.headings()[row] - motion.headings()[row]
        assert abs(np.sin(turned / 2)) < 1e-6
    np.testing.assert_allclose(
        np.abs((result.rotations[15:36, 1:] * source.rotations[28:49, 1:]).sum(-1)), 1, atol=1e-9
    )
    np.testing.assert_allclose(result.positions[15:36, 2], source.positions[28:49, 2])
    assert apart(result.part(10, 24), motion.part(10, 24)) < 1e-7
    assert apart(result.part(46, 69), motion.part(46, 69)) < 1e-7


def test_own_range_changes_nothing() -> None:
    motion = random_motion(1)
    moved = replace(motion.turned(np.full(len(motion), 2.0)), positions=turn(motion.positions, 2.0) + [3, 4, 0])
    assert apart(spliced(motion, moved, 20, 50, blend=5), motion) < 1e-7


def test_blend_removes_jumps() -> None:
    motion, source = random_motion(5), random_motion(6)
    steps = [np.abs(np.diff(spliced(motion, source, 30, 50, 0, blend).rotations, axis=0)).max() for blend in (0, 8)]
    assert steps[1] < steps[0] / 2


def test_end_of_the_motion_is_free() -> None:
    motion, source = random_motion(5), random_motion(6)
    result = spliced(motion, source, 40, 69)
    step = np.linalg.norm(np.diff(source.positions, axis=0), axis=1)
    np.testing.assert_allclose(np.linalg.norm(np.diff(result.positions[30:], axis=0), axis=1), step[30:], atol=1e-9)


def test_height_is_scaled() -> None:
    motion = random_motion(5)
    np.testing.assert_allclose(
        spliced(motion, motion, 20, 50, size=0.9).positions[20, 2], 0.9 * motion.positions[20, 2]
    )


def test_range_outside_the_source_is_refused() -> None:
    with pytest.raises(TarError, match="frames 10 to 69"):
        spliced(random_motion(0), random_motion(1), 20, 50, offset=40)
