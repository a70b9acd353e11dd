"""Fitting a linear map."""

import numpy as np

from scripts.assets.fit_hand_joints import fit


def test_finds_a_linear_map_from_few_codes_of_other_units() -> None:
    random = np.random.default_rng(0)
    codes = random.normal(size=(500, 20)) * np.geomspace(0.01, 10, 20) + 3
    weight, bias = random.normal(size=(63, 20)), random.normal(size=63)
    joints = codes @ weight.T + bias
    found, offset = fit(codes, joints, ridge=1e-6)
    np.testing.assert_allclose(codes @ found.T + offset, joints, rtol=0.02, atol=0.02)


def test_a_strong_penalty_gives_the_mean() -> None:
    random = np.random.default_rng(0)
    codes, joints = random.normal(size=(100, 5)), random.normal(size=(100, 63))
    weight, bias = fit(codes, joints, ridge=1e9)
    assert np.abs(weight).max() < 1e-6
    np.testing.assert_allclose(bias, joints.mean(0), atol=1e-6)
