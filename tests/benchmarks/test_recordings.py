"""Recordings on a floor, seen by cameras; the size of the added errors."""

import numpy as np
import pytest

from benchmarks.motion_measures import root_error
from benchmarks.recordings import (
    ANKLES,
    dolly,
    in_world,
    place_on_floor,
    sitting_down,
    slow_noise,
    with_errors,
)
from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.contacts import sole_points, surface_points
from tar_core.cleanup.foot_locking import foot_points, foot_sliding
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, global_rotations
from tar_core.synthetic.motions import FPS, Motion
from tests.support.recordings import standing_person

BODY = load_body()


def getting_up(ankle_turn: list[float]) -> Motion:
    """Lies 0.1 m deep in the floor for 40 frames, stands with both ankles turned, jumps by 0.5 m."""
    poses, trans = np.zeros((130, 24, 3)), np.tile([0.0, 0.93, 0.0], (130, 1))
    poses[:40, 0], trans[:40, 1] = [np.pi / 2, 0, 0], 0.0
    poses[40:, ANKLES] = ankle_turn
    trans[100:120, 1] += 0.5 * np.sin(np.linspace(0, np.pi, 20))
    return Motion("test/getup", poses, trans)


def test_feet_slide_in_the_captured_motion_but_not_in_the_true_motion() -> None:
    random = np.random.default_rng(0)
    truth = standing_person(BODY, random)
    captured = with_errors(truth, random)
    everywhere = np.ones((89, 4))
    assert foot_sliding(foot_points(truth, BODY), everywhere) < 1e-6
    assert foot_sliding(foot_points(captured, BODY), everywhere) > 0.001
    assert root_error(truth, truth) == 0 and 20 < root_error(captured, truth) < 120


def test_soles_become_level_and_the_body_stays_above_the_floor() -> None:
    motion = getting_up([0.1, 0, 0.15])
    placed = place_on_floor(motion, BODY)
    heights = surface_points(in_world(placed, BODY), BODY, np.arange(len(BODY.v_template)))[..., 1].min(1)
    assert heights.min() > -0.003, "nothing is below the floor"
    np.testing.assert_allclose(heights[50:95], 0, atol=0.005)
    np.testing.assert_allclose(heights[109], 0.5, atol=0.02)
    rotations = global_rotations(axis_angle_to_matrix(placed.poses))
    assert rotations[50:95, ANKLES, 1, 1].min() > np.cos(np.radians(0.5))
    others = [joint for joint in range(len(JOINT_NAMES)) if joint not in ANKLES]
    np.testing.assert_array_equal(placed.poses[:, others], motion.poses[:, others])


@pytest.mark.parametrize("turn", [[0.6, 0, 0], [0, 0, 0]], ids=["tiptoe", "level"])
def test_ankles_on_tiptoe_and_of_level_soles_do_not_change(turn: list[float]) -> None:
    motion = getting_up(turn)
    np.testing.assert_allclose(place_on_floor(motion, BODY).poses, motion.poses, atol=1e-6)


def test_sitting_down_keeps_the_feet_in_place_and_reaches_the_height_of_a_chair() -> None:
    motion = place_on_floor(sitting_down(rest_joints(BODY, np.zeros(10))), BODY)
    soles = sole_points(in_world(motion, BODY), BODY)
    assert np.ptp(soles[..., 1]) < 0.03 and np.ptp(soles, axis=0).max() < 0.1
    pelvis = motion.trans[:, 1]
    assert pelvis[0] > 0.8 and pelvis[75] < 0.65 and abs(pelvis[-1] - pelvis[0]) < 0.01


def test_slow_noise_is_smooth_with_standard_deviation_1() -> None:
    noise = slow_noise(np.random.default_rng(0), 5000, 3)
    assert abs(noise.std() - 1) < 0.15
    assert np.abs(np.diff(noise, axis=0)).mean() < 0.12


def test_dolly_moves_and_pans() -> None:
    trajectory = dolly(np.random.default_rng(0), 90)
    assert abs(trajectory.length - 0.6 * 89 / FPS) < 0.02
    assert 0 < trajectory.max_angle <= 0.4
