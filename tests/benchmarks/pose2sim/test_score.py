"""Scores against the ground truth of four cameras."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.pose2sim.score import (
    BASELINES,
    CAMERAS,
    GROUND_TRUTH,
    SMPL_JOINTS,
    mean_row,
    procrustes,
    score,
    score_baseline,
    score_folder,
)
from tar_core.rotations import axis_angle_to_matrix


@pytest.fixture
def truth() -> dict[str, np.ndarray]:
    with np.load(GROUND_TRUTH) as data:
        return {camera: data[f"{camera}/keypoints"].astype(float) for camera in CAMERAS}


def test_procrustes_removes_a_similarity_transform(truth: dict[str, np.ndarray]) -> None:
    target = truth["cam01"][0]
    moved = 1.7 * target @ axis_angle_to_matrix(np.array([0.3, -1.0, 2.0])).T + [1.0, -2.0, 3.0]
    np.testing.assert_allclose(procrustes(moved, target), target, atol=1e-9)
    mirrored = target * [-1.0, 1.0, 1.0]
    assert np.abs(procrustes(mirrored, target) - target).max() > 0.01, "no reflection"


def test_shifted_prediction_has_an_absolute_error_only(truth: dict[str, np.ndarray]) -> None:
    target = truth["cam02"]
    row = score(target + [0.0, 0.0, 0.05], target)
    assert row["abs"] == pytest.approx(50)
    assert row["mpjpe"] == pytest.approx(0, abs=1e-9) and row["accel"] == pytest.approx(0, abs=1e-9)
    assert row["pa"] == pytest.approx(0, abs=1e-9) and row["missed"] == 0


def test_frames_without_a_person_are_missed(truth: dict[str, np.ndarray]) -> None:
    predicted = truth["cam03"].copy()
    predicted[10:30] = np.nan
    row = score(predicted, truth["cam03"])
    assert row["missed"] == 20 and row["mpjpe"] == 0
    assert score(np.full_like(predicted, np.nan), predicted)["missed"] == 100


def test_folder_of_predictions(truth: dict[str, np.ndarray], tmp_path: Path) -> None:
    """Keypoints, SMPL joints, and files that are missing."""
    joints = np.zeros((100, 24, 3))
    joints[:, SMPL_JOINTS] = truth["cam02"]
    np.savez(tmp_path / "cam01.npz", keypoints=truth["cam01"])
    np.savez(tmp_path / "cam02.npz", joints=joints)
    rows = score_folder(tmp_path)
    assert [row["missed"] for row in rows.values()] == [0, 0, 100, 100]
    assert rows["cam01"]["abs"] == rows["cam02"]["abs"] == 0
    np.savez(tmp_path / "cam03.npz", keypoints=truth["cam03"][:50])
    with pytest.raises(ValueError, match="cam03"):
        score_folder(tmp_path)


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_have_finite_scores(name: str) -> None:
    row = mean_row(score_baseline(name))
    assert 0 < row["pa"] < row["mpjpe"] < 200
