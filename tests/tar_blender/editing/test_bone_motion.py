"""Motions as arrays: ranges, headings, blending."""

import numpy as np
import pytest

from tar_blender.editing.bone_motion import about_z, ramp, turn
from tar_core.errors import TarError
from tar_core.rotations import quaternion_to_matrix
from tests.support.bone_motions import apart, random_motion


def test_heading_is_the_twist_about_z() -> None:
    motion = random_motion(0)
    angles = np.linspace(0, 9, len(motion))
    turned = motion.turned(angles)
    np.testing.assert_allclose(turned.headings() - motion.headings(), angles + 0 * angles[0], atol=1e-9)
    assert apart(turned.turned(-angles), motion) < 1e-7
    level = motion.turned(-motion.headings())
    np.testing.assert_allclose(level.headings(), 0, atol=1e-9)


def test_points_turn_as_rotations_do() -> None:
    points, angles = np.random.default_rng(0).normal(size=(4, 3)), np.array([0.1, 2, -3, 4])
    expected = (quaternion_to_matrix(about_z(angles)) @ points[:, :, None])[..., 0]
    np.testing.assert_allclose(turn(points, angles), expected, atol=1e-12)


def test_range_outside_the_motion_is_refused() -> None:
    motion = random_motion(0, count=20, first=5)
    assert motion.part(6, 9).frames.tolist() == [6, 7, 8, 9]
    for first, last in ((4, 9), (6, 25), (9, 9), (9, 6)):
        with pytest.raises(TarError, match="frames 5 to 24"):
            motion.part(first, last)


def test_blend_has_no_effect_outside_its_frames() -> None:
    motion, other = random_motion(0), random_motion(1)
    weights = ramp(len(motion), 20, 30, before=3, after=5)
    assert np.flatnonzero(weights).tolist() == list(range(17, 36))
    assert (weights[20:31] == 1).all()
    mixed = motion.mixed(other, weights)
    assert apart(mixed.part(10, 26), motion.part(10, 26)) < 1e-7
    assert apart(mixed.part(30, 40), other.part(30, 40)) < 1e-7
