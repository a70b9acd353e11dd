"""Crops along known motion."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tar_core.camera.crop import MARGIN
from tar_core.datasets.crop_track import crop_track
from tar_core.datasets.shards import CLIP_FRAMES

seeds = st.integers(0, 10_000)


def upright_track(angle=0.0):
    """Joints [9, 24, 2] of a person who leans by `angle` radians, and points around the person."""
    joints = np.zeros((CLIP_FRAMES, 24, 2))
    up = np.array([np.sin(angle), -np.cos(angle)])
    joints += np.array([500.0, 300.0])
    joints[:, [16, 17]] += 50 * up
    points = np.concatenate([joints, joints[:, :1] + 90 * up, joints[:, :1] - 100 * up], 1)
    return joints, points


@given(st.floats(-3, 3), seeds)
def test_crops_are_upright_around_the_hips(angle, seed):
    joints, points = upright_track(angle)
    for crop in crop_track(np.random.default_rng(seed), joints, points):
        lean = (crop.roll - angle + np.pi) % (2 * np.pi) - np.pi
        assert abs(lean) < np.radians(45)  # five standard deviations
        assert np.hypot(crop.center_x - 500, crop.center_y - 300) < 0.3 * crop.size
        assert 0.6 < crop.size / (2 * MARGIN * 100) < 1.6


def test_crops_change_slowly_over_a_clip():
    joints, points = upright_track()
    crops = crop_track(np.random.default_rng(0), joints, points)
    steps = [abs(a.center_x - b.center_x) + abs(a.size - b.size) for a, b in itertools.pairwise(crops)]
    assert 0 < max(steps) < 0.05 * crops[0].size
