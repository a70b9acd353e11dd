"""Up by balance: above what carries, whatever the posture, and unsure where the carrying points lie far apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.cleanup.center_of_mass import center_of_mass, find_balance, on_legs
from tar_core.skeleton import JOINT_NAMES, pose_skeleton
from tar_core.synthetic.key_poses import LOW, STANDING, pose_from_degrees

BODY = load_body()
REST = rest_joints(BODY, np.zeros(10))
FPS = 30.0
UP = np.array([0.0, -1.0, 0.0])


def degrees_between(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))


def test_the_center_of_mass_of_who_stands_is_in_the_belly() -> None:
    """56 % of the height, as women's and men's is, and between both sides."""
    floor, top = BODY.v_template[:, 1].min(), BODY.v_template[:, 1].max()
    center = center_of_mass(REST)
    assert (center[1] - floor) / (top - floor) == pytest.approx(0.56, abs=0.03)
    assert abs(center[0]) < 0.01


@given(st.integers(0, 1000))
def test_it_moves_and_turns_with_the_body(seed: int) -> None:
    random = np.random.default_rng(seed)
    joints = pose_skeleton(0.4 * random.normal(size=(3, 24, 3)), REST)[1]
    turn, shift = Rotation.from_rotvec(random.normal(size=3)).as_matrix(), random.normal(size=3)
    np.testing.assert_allclose(center_of_mass(joints @ turn.T + shift), center_of_mass(joints) @ turn.T + shift)


def test_who_bows_moves_the_hips_back_and_so_tells_up() -> None:
    """Trunk 60 degrees forwards: neither it nor the legs are upright, but the feet are below the center of mass."""
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
def test_a_walker_is_carried_now_before_now_behind(seed: int) -> None:
    random = np.random.default_rng(seed)
    turn = Rotation.from_rotvec(0.5 * random.normal(size=3)).as_matrix()
    steps = np.repeat(np.arange(6), 15)
    mass = np.stack([0.1 * (steps % 2), -np.ones(90), np.arange(90) / 15 * 0.6], 1)
    feet = np.stack([0.2 * (steps % 2) - 0.05, np.zeros(90), (steps + 0.5) * 0.6], 1)[:, None]
    balance = find_balance(mass @ turn.T, feet @ turn.T, np.ones((90, 1), bool), FPS)
    assert balance is not None and degrees_between(balance.up, turn @ UP) < 2


def test_wide_supports_and_short_clips_tell_less() -> None:
    mass = np.tile([0.0, -1.0, 0.0], (300, 1))

    def error(apart: float, frames: int) -> float:
        points = np.tile([[-apart / 2, 0.0, 0.0], [apart / 2, 0.0, 0.0]], (frames, 1, 1))
        balance = find_balance(mass[:frames], points, np.ones((frames, 2), bool), FPS)
        assert balance is not None
        return balance.error

    assert error(0.2, 300) < error(0.2, 30) < error(1.5, 30)
    assert error(0.2, 300) < 5 < 20 < error(1.5, 30)


def test_only_carrying_points_count_and_nothing_tells_nothing() -> None:
    mass = np.tile([0.0, -1.0, 0.0], (30, 1))
    points = np.tile([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]], (30, 1, 1))
    carries = np.tile([True, False], (30, 1))
    balance = find_balance(mass, points, carries, FPS)
    assert balance is not None
    np.testing.assert_allclose(balance.up, UP)
    assert find_balance(mass, points, ~carries & carries, FPS) is None


def test_who_sits_is_not_on_the_legs() -> None:
    poses = np.stack([pose_from_degrees(pose) for pose in (STANDING["stand"], LOW["sit"], STANDING["lunge"])])
    np.testing.assert_array_equal(on_legs(pose_skeleton(poses, REST)[1]), [True, False, True])
