"""Cameras look at their subject."""

import numpy as np
import pytest

from benchmarks.world.cameras import MOVEMENTS, camera_path, look_at


def test_a_camera_looks_at_its_target():
    position, target = np.array([1.0, 2, 5]), np.array([0.0, 1, 0])
    rotation = look_at(position, target)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    x, y, z = rotation @ (target - position)
    assert (x, y) == pytest.approx((0, 0)) and z > 0
    assert (rotation @ [0, 1, 0])[1] < 0  # up in the world is up in the image


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_cameras_keep_the_subject_near_the_middle(movement):
    subject = np.stack([np.linspace(-2, 2, 120), np.full(120, 0.9), np.zeros(120)], 1)
    rotations, positions = camera_path(movement, np.array([0.0, 1.5, 6]), subject, 5.0, np.random.default_rng(0))
    seen = np.einsum("tab,tb->ta", rotations, subject - positions)
    offset = np.abs(seen[:, 0] / seen[:, 2])
    assert offset.max() < {"static": 0.35, "pan": 0.1, "handheld": 0.25}[movement]
    moves = np.linalg.norm(np.diff(rotations, axis=0), axis=(1, 2)).max() > 0
    assert moves == (movement != "static")
    assert (np.ptp(positions, axis=0).max() > 0) == (movement == "handheld")
    assert np.degrees(np.arctan2(rotations[60][0, 1], -rotations[60][1, 1])) == pytest.approx(5, abs=1.5)
