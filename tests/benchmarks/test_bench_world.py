"""The world benchmark on made-up captures, without rendering and without the network."""

import numpy as np
import pytest

from benchmarks import bench_world
from benchmarks.bench_world import Result, print_kinds, score
from benchmarks.world.rendering import make_truth
from benchmarks.world.truth import Truth
from scripts.paths import REPOSITORY
from tar_core.body.data import load_body
from tar_core.motion import Floor
from tar_core.rotations import axis_angle_to_matrix
from tests.support.world_people import SITTING, perfect

BODY = load_body()


@pytest.fixture(scope="module")
def truth() -> Truth:
    return make_truth(SITTING, {}, BODY)


def test_a_perfect_clip_scores_zero(truth):
    scores = score(SITTING, REPOSITORY / "none.mp4", truth, perfect(truth), BODY).scores
    for name in ("pa", "mpjpe", "wa", "w", "rte", "root", "tilt", "focal"):
        np.testing.assert_allclose(getattr(scores, name), 0, atol=0.02, err_msg=name)
    for name in ("missed", "under", "floating", "switches"):
        assert getattr(scores, name).sum() == 0, name
    np.testing.assert_allclose(scores.speed, scores.true_speed, atol=1e-4)


def test_a_focal_length_and_a_floor_that_are_off(truth):
    clip = perfect(truth)
    clip.focal_length *= 1.2
    clip.floor = Floor(axis_angle_to_matrix(np.radians([5.0, 0, 0])) @ truth.up, 1.4)
    scores = score(SITTING, REPOSITORY / "none.mp4", truth, clip, BODY).scores
    assert scores.focal[0] == pytest.approx(20)
    assert scores.tilt[0] == pytest.approx(5)
    assert np.degrees(np.arcsin(scores.root.max() / 1000)) < 5
    assert scores.under.mean() > 0.5


def test_a_video_without_captured_people_counts_as_missed(truth, capsys):
    result = score(SITTING, REPOSITORY / "none.mp4", truth, None, BODY)
    assert result.clean is None and result.scores.missed.mean() == 1
    found = score(SITTING, REPOSITORY / "none.mp4", truth, perfect(truth), BODY)
    print_kinds([result, found])
    *rows, last = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in rows[:4]] == ["kind", "sit down", "held-out", "seen motions"]
    assert last.startswith("FIGURE_WORLD pa=0.0 ") and "missed=50.0" in last
    assert isinstance(found, Result)


def test_missing_data_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench_world, "CACHE", tmp_path)
    monkeypatch.setattr("sys.argv", ["bench_world", "--data", str(tmp_path)])
    assert bench_world.main() == 2
    assert "garments" in capsys.readouterr().err
