"""Figures of the documentation: the printed numbers and the image files."""

import cv2
import numpy as np
import pytest

from scripts.figures import draw_coverage, draw_reliability, draw_scaling, joint_angles, main
from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.errors import TarError
from tar_core.evaluation.clips import Predictions, Scores
from tar_core.synthetic.key_poses import key_pose_motions
from tar_core.synthetic.motions import FPS, Motion
from tar_core.training.ablation import append_result


def still(name, poses):
    return Motion(name, np.asarray(poses, float), np.zeros((len(poses), 3)), FPS)


def test_pelvis_angle_is_the_lean_without_the_heading():
    poses = np.zeros((3, 24, 3))
    poses[0, 0] = [0, 2.0, 0]
    poses[1, 0] = [np.pi / 2, 0, 0]
    poses[2, 4] = [0.5, 0, 0]
    angles = joint_angles([still("a", poses)])
    np.testing.assert_allclose(angles[:, 0], [0, 90, 0], atol=1e-5)
    np.testing.assert_allclose(angles[:, 4], [0, 0, np.degrees(0.5)], atol=1e-5)


def test_coverage_compares_recordings_with_training_clips(tmp_path, capsys):
    key_poses = key_pose_motions(BodyModel(load_body()).rest_joints.double().numpy())
    recording = still("walk", np.zeros((60, 24, 3)))
    draw_coverage([recording, *key_poses], 20, tmp_path / "coverage.png")
    printed = capsys.readouterr().out
    assert "1 recordings" in printed and "20 training clips" in printed
    assert len(np.unique(cv2.imread(str(tmp_path / "coverage.png")))) > 10


def test_reliability_is_drawn(tmp_path, capsys):
    random = np.random.default_rng(0)
    truth = random.normal(size=(90, 24, 3))
    joints = truth + 0.03 * random.normal(size=truth.shape)
    expected = np.full(truth.shape[:2], 0.05)
    draw_reliability(Predictions(joints, truth, np.zeros(truth.shape[:2]), expected, 9), tmp_path / "reliability.png")
    assert capsys.readouterr().out.count(" 50.0 expected") == 20
    assert cv2.imread(str(tmp_path / "reliability.png")).shape[1] > 300
    with pytest.raises(TarError):
        draw_reliability(Predictions(joints, truth, np.zeros(truth.shape[:2]), None, 9), tmp_path / "none.png")


def test_missing_features_give_a_one_line_error(tmp_path, capsys):
    assert main(["--output", str(tmp_path), "reliability", "--features", str(tmp_path / "none")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_scaling_uses_the_rows_with_different_shares_of_the_clips(tmp_path, capsys):
    for name, pa in (("tar-s", 100.0), ("without GTE", 130.0), ("a quarter of the clips", 120.0)):
        append_result(tmp_path / "a.csv", name, Scores(150.0, pa, 11.0, 40.0))
    draw_scaling(tmp_path / "a.csv", 2000, tmp_path / "scaling.png")
    assert capsys.readouterr().out.splitlines() == [
        "   500 clips: PA-MPJPE 120.0 mm",
        "  2000 clips: PA-MPJPE 100.0 mm",
    ]
    assert cv2.imread(str(tmp_path / "scaling.png")) is not None
    with pytest.raises(TarError, match="fewer than two rows"):
        draw_scaling(tmp_path / "gone.csv", 2000, tmp_path / "scaling.png")
