"""Corrections of a joint by rotations that were seen."""

import numpy as np

from benchmarks.rotation_errors import degrees_between
from tar_core.people.seen_turns import corrections
from tar_core.rotations import axis_angle_to_matrix

COUNT, FPS = 90, 30.0
OWN = np.asarray(axis_angle_to_matrix(np.linspace(0, 2, COUNT)[:, None] * [0.6, 0.8, 0.0]))
TURN = np.array([0.3, 0.0, -0.4])
ROWS = np.arange(30, 61, 2)


def test_expected_errors_weigh_what_is_seen() -> None:
    seen = (OWN @ axis_angle_to_matrix(TURN))[ROWS]
    turns = corrections(OWN, seen, np.full(len(ROWS), 10.0), 20.0, ROWS, FPS)
    np.testing.assert_allclose(turns[45], 0.8 * TURN, atol=1e-6)


def test_corrections_fade_and_end() -> None:
    seen = (OWN @ axis_angle_to_matrix(TURN))[ROWS]
    sizes = np.linalg.norm(corrections(OWN, seen, np.full(len(ROWS), 1.0), 20.0, ROWS, FPS), axis=1)
    assert sizes[0] == sizes[-1] == 0 and sizes[45] > 0.49
    assert np.abs(np.diff(sizes)).max() < 0.05


def test_noise_of_what_is_seen_is_smoothed() -> None:
    random = np.random.default_rng(0)
    noise = axis_angle_to_matrix(0.15 * random.normal(size=(COUNT, 3)))
    rows = np.arange(COUNT)
    turns = corrections(OWN, OWN @ noise, np.ones(COUNT), 20.0, rows, FPS)
    before, after = (
        degrees_between(each, np.broadcast_to(np.eye(3), each.shape)).mean()
        for each in (noise, axis_angle_to_matrix(turns))
    )
    assert after < 0.6 * before
