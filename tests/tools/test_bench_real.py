"""The bench's own program, as `make bench-real` runs it."""

from pathlib import Path

import numpy as np
import pytest

from tools.bench_real import score


def test_perfect_predictions_score_zero(shared_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = shared_dir / "bench" / "pose2sim_single" / "score.py"
    truth = np.load(program.parent / "ground_truth.npz")
    for camera in (1, 2, 3, 4):
        np.savez(tmp_path / f"cam{camera:02d}.npz", keypoints=truth[f"cam{camera:02d}/keypoints"] + [0, 0, 0.5])
    figures = score(program, tmp_path)
    assert figures == pytest.approx(dict(mpjpe=0, pa=0, accel=0, abs=500, missed=0), abs=0.05)
    assert "mediapipe_heavy_video" in capsys.readouterr().out, "the baseline's rows are printed beside"
