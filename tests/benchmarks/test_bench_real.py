"""Scoring and writing results in the benchmark on real video."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_real import score, score_motions, write_means
from benchmarks.pose2sim.score import GROUND_TRUTH
from tar_core.files import file_hash
from tar_core.motion import MotionClip, PersonMotion
from tar_core.options import NO_CLEANUP


def test_perfect_predictions_score_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = np.load(GROUND_TRUTH)
    for camera in (1, 2, 3, 4):
        np.savez(tmp_path / f"cam{camera:02d}.npz", keypoints=truth[f"cam{camera:02d}/keypoints"] + [0, 0, 0.5])
    figures = score(tmp_path)
    assert figures == pytest.approx(dict(mpjpe=0, pa=0, accel=0, abs=500, missed=0), abs=0.05)
    assert "mediapipe_heavy_video" in capsys.readouterr().out, "the rows of the baseline are printed too"


def test_smoothing_reduces_the_acceleration_error(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    motions = []
    for camera in (1, 2, 3, 4):
        person = PersonMotion(
            person_id=1,
            poses=0.02 * random.normal(size=(100, 72)),
            betas=np.zeros(10),
            trans=np.tile([0.0, 0.0, 4.0], (100, 1)),
            frames=np.arange(100),
            boxes=np.tile([0.0, 0.0, 10.0, 10.0], (100, 1)),
            confidence=np.ones(100),
        )
        motions.append(tmp_path / f"motion{camera}.npz")
        MotionClip(60.0, 1080, 1920, 2200.0, np.array([539.5, 959.5]), "", [person]).save(motions[-1])
    options = (NO_CLEANUP, replace(NO_CLEANUP, smoothing=1.0))
    before, after = (score_motions(motions, tmp_path, one) for one in options)
    assert after["accel"] < before["accel"] and after["pa"] == pytest.approx(before["pa"], rel=0.1)


def test_means_are_written_with_the_hash_of_the_network(
    untrained_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = dict(mpjpe=80.0, pa=50.0, accel=7.0, abs=150.0, missed=0.0)
    write_means(tmp_path, {"untrained": row, "untrained, smoothed 1": {**row, "accel": 5.0}}, untrained_checkpoint)
    assert "| untrained, smoothed 1 | 50.0 | 80.0 | 5.0 | 150.0 |" in capsys.readouterr().out
    content = json.loads((tmp_path / "pose2sim.json").read_text())
    assert content["checkpoint"]["sha256"] == file_hash(untrained_checkpoint)
    assert content["rows"]["untrained"]["pa_mpjpe"] == 50 and content["frames"] == 400
    with (tmp_path / "pose2sim.csv").open(newline="") as file:
        assert [line["accel"] for line in csv.DictReader(file)] == ["7.0000", "5.0000"]
