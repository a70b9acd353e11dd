"""Estimate of the vertical from balance in various postures, and its expected error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.center_of_mass import center_of_mass, find_balance, is_on_legs
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic.key_poses import LOW, STANDING, pose_from_degrees

BODY = load_body()
REST = rest_joints(BODY, np.zeros(10))
FPS = 30.0
UP = np.array([0.0, -1.0, 0.0])


def degrees_between(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


def test_center_of_mass_of_a_standing_body() -> None:
    """At 56% of the body height, the mean of women and men, and on the median plane."""
    floor, top = BODY.v_template[:, 1].min(), BODY.v_template[:, 1].max()
    center = center_of_mass(REST)
    assert (center[1] - floor) / (top - floor) == pytest.approx(0.56, abs=0.03)
    assert abs(center[0]) < 0.01


@given(st.integers(0, 1000))
def test_center_of_mass_moves_and_rotates_with_the_body(seed: int) -> None:
    random = np.random.default_rng(seed)
    joints = pose_skeleton(0.4 * random.normal(size=(3, 24, 3)), REST)[1]
    rotation, shift = Rotation.from_rotvec(random.normal(size=3)).as_matrix(), random.normal(size=3)
    np.testing.assert_allclose(center_of_mass(joints @ rotation.T + shift), center_of_mass(joints) @ rotation.T + shift)


def test_balance_of_a_bowing_person_gives_up() -> None:
    """The trunk is tilted 60 degrees forward and the legs backward, but the center of mass is above the feet."""
    poses = np.zeros((1, 24, 3))
    poses[0, 0, 0] = np.radians(60)
    for side in ("left", "right"):
        poses[0, JOINT_NAMES.index(f"{side}_hip"), 0] = -np.radians(74)
    joints = pose_skeleton(poses, REST)[1]
    feet = joints[:, [JOINT_NAMES.index(f"{side}_{end}") for side in ("left", "right") for end in ("ankle", "foot")]]
    balance = find_balance(center_of_mass(joints), feet, np.ones(feet.shape[:2], bool), FPS)
    assert balance is not None and degrees_between(balance.up, -UP) < 4  # joints have y up
    trunk = joints[0, JOINT_NAMES.index("neck")] - joints[0, 0]
    assert degrees_between(trunk / np.linalg.norm(trunk), -UP) > 50


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_balance_of_a_walk_gives_up_on_average(seed: int) -> None:
    random = np.random.default_rng(seed)
    rotation = Rotation.from_rotvec(0.5 * random.normal(size=3)).as_matrix()
    steps = np.repeat(np.arange(6), 15)
    mass = np.stack([0.1 * (steps % 2), -np.ones(90), np.arange(90) / 15 * 0.6], 1)
    feet = np.stack([0.2 * (steps % 2) - 0.05, np.zeros(90), (steps + 0.5) * 0.6], 1)[:, None]
    balance = find_balance(mass @ rotation.T, feet @ rotation.T, np.ones((90, 1), bool), FPS)
    assert balance is not None and degrees_between(balance.up, rotation @ UP) < 2


def test_wide_support_and_short_clips_have_a_larger_error() -> None:
    mass = np.tile([0.0, -1.0, 0.0], (300, 1))

    def error(apart: float, frames: int) -> float:
        points = np.tile([[-apart / 2, 0.0, 0.0], [apart / 2, 0.0, 0.0]], (frames, 1, 1))
        balance = find_balance(mass[:frames], points, np.ones((frames, 2), bool), FPS)
        assert balance is not None
        return balance.error

    assert error(0.2, 300) < error(0.2, 30) < error(1.5, 30)
    assert error(0.2, 300) < 5 < 20 < error(1.5, 30)


def test_only_support_points_count() -> None:
    mass = np.tile([0.0, -1.0, 0.0], (30, 1))
    points = np.tile([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]], (30, 1, 1))
    is_support = np.tile([True, False], (30, 1))
    balance = find_balance(mass, points, is_support, FPS)
    assert balance is not None
    np.testing.assert_allclose(balance.up, UP)
    assert find_balance(mass, points, ~is_support & is_support, FPS) is None


def test_sitting_person_is_not_on_the_legs() -> None:
    poses = np.stack([pose_from_degrees(pose) for pose in (STANDING["stand"], LOW["sit"], STANDING["lunge"])])
    np.testing.assert_array_equal(is_on_legs(pose_skeleton(poses, REST)[1]), [True, False, True])
