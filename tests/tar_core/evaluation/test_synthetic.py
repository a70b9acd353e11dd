"""The report on cached clips and its command."""

from dataclasses import replace

import numpy as np

from tar_core.evaluation.synthetic import main, report
from tar_core.model.checkpoint import load_tar, save_tar
from tests.support.tar_models import SMALL, build
from tests.tar_core.evaluation.test_clips import CLIPS, LENGTH, predictions


def test_report_lists_joints_and_reliability():
    error = 0.05 * np.random.default_rng(2).normal(size=(CLIPS * LENGTH, 24, 3))
    lines = "\n".join(report(predictions(error, np.full((CLIPS * LENGTH, 24), 0.08))))
    assert "of one constant pose" in lines
    assert "left_wrist" in lines and "calibration error" in lines
    assert "calibration" not in "\n".join(report(predictions(error)))


def test_command_writes_calibrated_network(clips, tmp_path, capsys):

    save_tar(build(replace(SMALL, joint_errors=True)), tmp_path / "small.safetensors", half=False)
    arguments = ["--features", tmp_path / "features", "--checkpoint", tmp_path / "small.safetensors"]
    arguments += ["--calibrate", tmp_path / "calibrated.safetensors"]
    assert main([str(argument) for argument in arguments]) == 0
    assert "54 frames of 6 clips" in capsys.readouterr().out
    assert load_tar(tmp_path / "calibrated.safetensors").config.joint_error_calibration != (0, 1)


def test_missing_features_are_reported_in_one_line(tmp_path, capsys):
    assert main(["--features", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
