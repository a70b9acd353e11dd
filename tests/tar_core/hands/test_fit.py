"""Fitting a hand to landmarks of known hands."""

import numpy as np
import pytest

from tar_core.hands.fit import fit_hand
from tar_core.hands.skeleton import HIGHEST, IS_FREE, LOWEST, RELAXED, SIDES, SPREAD
from tar_core.rotations import axis_angle_to_matrix
from tests.support.hands import hand_skeleton

COUNT = 20
RELAXED_HANDS = np.repeat(RELAXED[None], COUNT, 0)


def degrees_between(rotations: np.ndarray, others: np.ndarray) -> np.ndarray:
    cosine = (np.einsum("...ij,...ij->...", rotations, others) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def sample(side: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random angles and palms, and MediaPipe's landmarks of these hands."""
    random = np.random.default_rng(seed)
    angles = np.clip(RELAXED + 0.5 * SPREAD * random.normal(size=(COUNT, *RELAXED.shape)), LOWEST, HIGHEST)
    palm = axis_angle_to_matrix(random.normal(size=(COUNT, 3)))
    skeleton = hand_skeleton(side)
    landmarks = skeleton.landmarks(skeleton.joint_rotations(angles))
    return angles, palm, 1.2 * landmarks @ palm.swapaxes(1, 2) + random.normal(size=(COUNT, 1, 3))


@pytest.mark.parametrize("side", SIDES)
def test_finds_the_pose_at_any_place_rotation_and_size(side: str) -> None:
    angles, palm, landmarks = sample(side)
    fitted, skeleton = fit_hand(hand_skeleton(side), landmarks, RELAXED_HANDS), hand_skeleton(side)
    assert fitted.error.max() < 0.008
    assert degrees_between(fitted.palm, palm).mean() < 3
    joints = degrees_between(skeleton.joint_rotations(fitted.angles), skeleton.joint_rotations(angles))
    assert joints.mean() < 12  # joints that are hardly seen stay near the expected, relaxed ones


def test_angles_stay_in_their_limits_for_landmarks_of_no_hand() -> None:
    fitted = fit_hand(hand_skeleton("left"), np.random.default_rng(0).normal(size=(COUNT, 21, 3)), RELAXED_HANDS)
    assert ((fitted.angles >= LOWEST) & (fitted.angles <= HIGHEST)).all()
    assert (fitted.angles[:, ~IS_FREE] == 0).all()
    assert np.isfinite(fitted.palm).all() and fitted.error.min() > 0.1


def test_hands_are_fitted_one_by_one() -> None:
    _, _, landmarks = sample("left")
    together, alone = (
        fit_hand(hand_skeleton("left"), landmarks[rows], RELAXED_HANDS[rows]) for rows in (slice(None), slice(3, 4))
    )
    np.testing.assert_allclose(together.angles[3], alone.angles[0], atol=1e-9)


def test_expected_angles_decide_where_joints_are_hardly_seen() -> None:
    angles, _, landmarks = sample("left")
    skeleton = hand_skeleton("left")
    relaxed, known = (fit_hand(skeleton, landmarks, expected) for expected in (RELAXED_HANDS, angles))
    errors = [
        degrees_between(skeleton.joint_rotations(fitted.angles), skeleton.joint_rotations(angles)).mean()
        for fitted in (relaxed, known)
    ]
    assert errors[1] < 0.3 * errors[0]
