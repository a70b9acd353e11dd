"""The choice of key frames."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tar_blender.editing.key_frames import choose_frames, hermite_curve, key_poses, slopes


def error_of(values: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(hermite_curve(values, slopes(values), keys) - values, axis=1))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(0.05, 2.0), st.integers(1, 90))
def test_every_frame_is_within_the_tolerance(seed: int, tolerance: float, count: int) -> None:
    random = np.random.default_rng(seed)
    values = np.cumsum(random.normal(size=(count, 3)), axis=0)
    keys = choose_frames(lambda keys: error_of(values, keys) / tolerance, random.uniform(size=count) < 0.2)
    assert keys[0] == 0 and keys[-1] == count - 1
    assert error_of(values, keys).max() <= tolerance


def test_a_cubic_needs_few_keys() -> None:
    time = np.linspace(-1, 1, 101)[:, None]
    values = time**3 - time
    assert len(choose_frames(lambda keys: error_of(values, keys) / 0.02, np.zeros(101, bool))) <= 5


def test_poses_become_keys_before_other_frames() -> None:
    values = 1 - np.cos(np.arange(61) * 2 * np.pi / 60)[:, None]  # turns at frame 30; steepest at 15 and 45
    poses = np.zeros(61, bool)
    poses[30] = True
    keys = choose_frames(lambda keys: error_of(values, keys) / 0.5, poses)
    assert keys.tolist() == [0, 30, 60]


def test_key_poses_are_extremes_and_contacts() -> None:
    swing = np.abs(np.sin(np.arange(41) * np.pi / 20))  # of a foot: rises, lands at frame 20, rises, lands at 40
    foot = np.concatenate([swing, np.zeros(20), swing])
    found = key_poses(np.stack([np.zeros_like(foot), np.zeros_like(foot), foot], 1)[None])
    assert found[8:13].any() and found[28:33].any()  # the turns at the top
    assert found[38:44].any() and found[58:64].any()  # rest begins and ends
    assert not found[45:57].any()


def test_motion_too_short_for_poses() -> None:
    assert not key_poses(np.zeros((2, 2, 3))).any()
