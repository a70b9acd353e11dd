"""Mirroring and swapping sides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_blender.editing.mirroring import mirrored, swapped
from tar_core.errors import TarError
from tests.support.bone_motions import BONES, PARTNERS, apart, random_motion

LEGS = [BONES.index(name) for name in ("left_hip", "right_hip", "left_knee", "right_knee")]


@given(st.integers(0, 1000))
def test_mirrored_twice_is_the_same_motion(seed: int) -> None:
    motion = random_motion(seed)
    once = mirrored(motion, PARTNERS)
    assert apart(once, motion) > 0.1
    assert apart(mirrored(once, PARTNERS), motion) < 1e-7


@given(st.integers(0, 1000))
def test_mirrored_motion_starts_in_the_same_place_and_direction(seed: int) -> None:
    motion = random_motion(seed)
    once = mirrored(motion, PARTNERS)
    np.testing.assert_allclose(once.positions[0], motion.positions[0], atol=1e-9)
    turns, mirror_turns = (each.headings() - motion.headings()[0] for each in (motion, once))
    np.testing.assert_allclose(np.sin(mirror_turns), -np.sin(turns), atol=1e-9)  # turns to the other side
    np.testing.assert_allclose(once.positions[:, 2], motion.positions[:, 2])


@given(st.integers(0, 1000), st.integers(10, 40), st.integers(1, 20))
def test_swapped_twice_is_the_same_motion(seed: int, first: int, length: int) -> None:
    motion = random_motion(seed)
    once = swapped(motion, PARTNERS, LEGS, first, first + length)
    assert apart(swapped(once, PARTNERS, LEGS, first, first + length), motion) < 1e-7


def test_only_the_limbs_and_frames_that_were_chosen_are_swapped() -> None:
    motion = random_motion(3)
    once = swapped(motion, PARTNERS, LEGS, 20, 30)
    changed = np.abs((once.rotations * motion.rotations).sum(-1)) < 1 - 1e-9
    assert set(np.flatnonzero(changed.any(0))) == set(LEGS)
    assert changed[10:21].any() and not changed[:10].any() and not changed[21:].any()
    np.testing.assert_allclose(once.rotations[12, 2], motion.rotations[12, 3] * [1, 1, -1, -1], atol=1e-9)


def test_swap_is_blended_in() -> None:
    motion = random_motion(3)
    sudden, blended = (swapped(motion, PARTNERS, LEGS, 30, 40, blend) for blend in (0, 8))
    steps = [np.abs(np.diff(each.rotations, axis=0)).max() for each in (sudden, blended)]
    assert steps[1] < steps[0] / 2


def test_range_outside_the_motion_is_refused() -> None:
    with pytest.raises(TarError, match="choose a range"):
        swapped(random_motion(0), PARTNERS, LEGS, 0, 20)
