"""Measures of the other real clips, and the choice of the person to score."""

import numpy as np
import pytest

from benchmarks.bench_clips import (
    BASELINE,
    REFERENCES,
    matching_person,
    mean_row,
    print_scores,
    project_keypoints,
    score,
)
from benchmarks.pose2sim import score as pose2sim
from benchmarks.pose2sim.score import CAMERAS, GROUND_TRUTH, score_baseline
from scripts.fetch.real_clips import CLIPS
from tar_core.motion import MotionClip, PersonMotion


@pytest.fixture(scope="module")
def target() -> np.ndarray:
    """Keypoints [100, 12, 3] in the camera frame, meters, 60 fps."""
    with np.load(REFERENCES / "balance.npz") as reference:
        return reference["cam01/keypoints"].astype(float)


def make_person(person_id: int, boxes: np.ndarray, first: int = 0) -> PersonMotion:
    count = len(boxes)
    return PersonMotion(
        person_id=person_id,
        poses=np.zeros((count, 72)),
        betas=np.zeros(10),
        trans=np.tile([0.0, 0, 3], (count, 1)),
        frames=np.arange(first, first + count),
        boxes=boxes,
        confidence=np.ones(count),
    )


def test_perfect_keypoints_score_zero(target: np.ndarray) -> None:
    assert score(target + [0, 0, 1], target, 60) == pytest.approx(dict(mpjpe=0, pa=0, accel=0, missed=0), abs=1e-9)


def test_frames_without_the_person_are_missed(target: np.ndarray) -> None:
    predicted = target.copy()
    predicted[:10] = np.nan
    assert score(predicted, target, 60) == pytest.approx(dict(mpjpe=0, pa=0, accel=0, missed=10), abs=1e-9)
    nothing = score(np.full_like(target, np.nan), target, 60)
    assert nothing["missed"] == 100 and np.isnan(nothing["pa"])


def test_measures_equal_those_of_the_pose2sim_scorer() -> None:
    with np.load(GROUND_TRUTH) as truth:
        rows = [
            score(truth[f"baseline/{BASELINE}/{camera}"].astype(float), truth[f"{camera}/keypoints"].astype(float), 60)
            for camera in CAMERAS
        ]
    clips, scorer = mean_row(rows), pose2sim.mean_row(score_baseline(BASELINE))
    assert [clips[key] for key in ("mpjpe", "pa", "accel")] == pytest.approx(
        [scorer[key] for key in ("mpjpe", "pa", "accel")], abs=0.001
    )


def test_matching_person_has_the_keypoints_in_the_boxes(target: np.ndarray) -> None:
    with np.load(REFERENCES / "balance.npz") as reference:
        pixels = project_keypoints(target, reference["cam01/intrinsics"])
    boxes = np.concatenate([pixels.min(1) - 10, pixels.max(1) + 10], axis=1)
    large = make_person(1, np.tile([0.0, 0, 500, 600], (100, 1)))
    late = make_person(2, boxes[20:], first=21)
    clip = MotionClip(60, 1080, 1920, 2200, np.array([539.5, 959.5]), "video.mp4", [large, late])
    assert matching_person(clip, pixels, delay=1) is late


def test_clips_that_could_not_be_captured_are_missed(capsys: pytest.CaptureFixture[str]) -> None:
    print_scores({clip.name: [None] * len(clip.cameras) for clip in CLIPS})
    rows = capsys.readouterr().out.splitlines()
    mean = next(row.split() for row in rows if "tune balance, mean" in row)
    assert mean[3:] == ["nan", "nan", "nan", "400"]
    mediapipe = next(row.split() for row in rows if "tune balance, MediaPipe" in row)
    assert float(mediapipe[-3]) == pytest.approx(83.0, abs=0.5), "PA-MPJPE of the heavy model, as in bench_real"
