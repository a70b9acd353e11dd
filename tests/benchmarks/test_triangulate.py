"""Triangulation: exact for exact points, robust against wrong views; and the committed references."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks import triangulate as module
from benchmarks.camera_joints import HIPS
from benchmarks.pose2sim.score import GROUND_TRUTH
from benchmarks.triangulate import (
    REFERENCES,
    Camera,
    largest_person,
    openpose_keypoints,
    project,
    read_qualisys,
    refine_cameras,
    smooth,
    triangulate,
)
from scripts.fetch.demo_video import download_wheel
from scripts.fetch.real_clips import CACHE, find_clip
from tar_core.errors import TarError
from tar_core.evaluation.metrics import mpjpe, pa_mpjpe


def ring_of_cameras(count: int = 4) -> list[Camera]:
    """Cameras in a circle of 4 m around the origin that look at it."""
    cameras = []
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        rotation = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
        intrinsics = np.array([[1500.0, 0, 540], [0, 1500, 960], [0, 0, 1]])
        cameras.append(Camera(intrinsics, np.array([-0.05, 0.1, 0.001, 0.0005]), rotation, np.array([0, 0, 4.0])))
    return cameras


def matrices_of(cameras: list[Camera]) -> np.ndarray:
    return np.stack([camera.matrix for camera in cameras])


@pytest.fixture
def world() -> np.ndarray:
    """Points [300, 3] within the extent of a person."""
    return np.random.default_rng(0).uniform([-0.5, -1, -0.5], [0.5, 1, 0.5], (300, 3))


def test_exact_points_are_recovered(world: np.ndarray) -> None:
    matrices = matrices_of(ring_of_cameras())
    points = project(matrices, world)
    found, used = triangulate(matrices, points, np.ones(points.shape[:2]))
    np.testing.assert_allclose(found, world, atol=1e-9)
    assert used.all()


def test_wrong_view_is_left_out(world: np.ndarray) -> None:
    matrices = matrices_of(ring_of_cameras())
    points = project(matrices, world)
    points[2, :100] += [150, 80]
    found, used = triangulate(matrices, points, np.ones(points.shape[:2]))
    np.testing.assert_allclose(found, world, atol=1e-9)
    assert not used[2, :100].any() and used[2, 100:].all() and used[[0, 1, 3]].all()


def test_views_that_disagree_give_no_point(world: np.ndarray) -> None:
    matrices = matrices_of(ring_of_cameras()[:2])
    points = project(matrices, world)
    points[0, :5, 1] += 400  # off the epipolar line
    found, used = triangulate(matrices, points, np.ones(points.shape[:2]))
    assert np.isnan(found[:5]).all() and not used[:, :5].any()
    np.testing.assert_allclose(found[5:], world[5:], atol=1e-9)


def test_disturbed_cameras_are_refined(world: np.ndarray) -> None:
    """By 0.4 degrees and 15 mm, with one pixel of noise: only the error from the noise remains."""
    generator = np.random.default_rng(1)
    true = ring_of_cameras()
    points = project(matrices_of(true), world) + generator.normal(0, 1, (4, len(world), 2))
    weights = np.ones(points.shape[:2])
    pushed = [c.moved(generator.normal(0, 0.004, 3), generator.normal(0, 0.009, 3)) for c in true]

    def error(cameras: list[Camera]) -> float:
        matrices = matrices_of(cameras)
        found, used = triangulate(matrices, points, weights)
        return float(np.median(np.linalg.norm(project(matrices, found) - points, axis=-1)[used]))

    refined = refine_cameras(pushed, points, weights)
    assert error(pushed) > 2 * error(true)
    assert error(refined) == pytest.approx(error(true), rel=0.1)
    shape, _ = triangulate(matrices_of(refined), points, weights)
    unpushed, _ = triangulate(matrices_of(true), points, weights)
    assert pa_mpjpe(shape[None], world[None])[0] < pa_mpjpe(unpushed[None], world[None])[0] + 0.2, "mm"


def test_undistort_inverts_the_distortion() -> None:
    camera = ring_of_cameras()[0]
    ideal = np.array([[[200.0, 300.0], [540, 960], [900, 1700]]])
    x, y = ((ideal - camera.intrinsics[:2, 2]) / 1500)[0].T
    k1, k2, p1, p2 = camera.distortion
    r2 = x**2 + y**2
    radial = 1 + k1 * r2 + k2 * r2**2
    seen = np.stack(
        [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2), y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y]
    )
    np.testing.assert_allclose(camera.undistort(1500 * seen.T[None] + [540, 960]), ideal, atol=1e-3)


def test_smoothing_is_a_low_pass_filter_and_fills_gaps() -> None:
    times = np.arange(240) / 60
    world = np.zeros((240, 2, 3))
    world[:, 0, 0], world[:, 0, 1], world[:, 1] = np.sin(2 * np.pi * times * 6), times, [1, 2, 3]
    world[100:104, 1] = np.nan
    result = smooth(world, fps=60)
    assert result[60:180, 0, 0].std() == pytest.approx(0.5, abs=0.005), "3 dB at 6 Hz"  # 0.707 before smoothing
    np.testing.assert_allclose(result[20:-20, 0, 1], times[20:-20], atol=1e-9)
    np.testing.assert_allclose(result[:, 1], np.tile([1, 2, 3], (240, 1)), atol=1e-9)
    world[:, 1] = np.nan
    with pytest.raises(TarError, match="right_shoulder: the cameras agree in no frame"):
        smooth(world, fps=60)


def test_tallest_person_of_openpose_is_used() -> None:
    small, large = np.ones((25, 3)), np.ones((25, 3))
    small[:, 1], large[:, 1] = np.linspace(0, 100, 25), np.linspace(0, 900, 25)
    noise = np.ones((25, 3)) * [0, 0, 0.1]
    noise[:, 1] = np.linspace(0, 5000, 25)
    frame = {"people": [{"pose_keypoints_2d": p.ravel().tolist()} for p in (small, large, noise)]}
    np.testing.assert_array_equal(largest_person(json.loads(json.dumps(frame))), large[5:17])


@pytest.fixture(scope="module")
def old_wheel() -> Path:
    try:
        return download_wheel("pose2sim", "0.7.2", CACHE / "wheels")
    except TarError as error:
        pytest.skip(str(error))


def test_keypoints_agree_with_the_calibration_of_the_package(old_wheel: Path) -> None:
    """Within some pixels, without refinement of the cameras."""
    clip = find_clip("t_pose")
    assert clip.calibration is not None
    cameras = read_qualisys(zipfile.ZipFile(old_wheel).read(clip.calibration).decode())
    seen = openpose_keypoints(find_clip("balance"))
    assert seen.shape == (4, 100, 12, 3)
    some = seen[:, ::25]
    points = np.stack([c.undistort(v[..., :2]) for c, v in zip(cameras, some, strict=True)]).reshape(4, -1, 2)
    matrices = matrices_of(cameras)
    found, used = triangulate(matrices, points, np.maximum(some[..., 2], 1e-3).reshape(4, -1))
    assert used.mean() > 0.8
    assert np.median(np.linalg.norm(project(matrices, found) - points, axis=-1)[used]) < 15


def test_other_calibration_format_is_an_error() -> None:
    with pytest.raises(TarError, match="no intrinsic"):
        read_qualisys("<calibration><cameras><camera/></cameras></calibration>")


@pytest.mark.parametrize(("name", "frames"), [("balance", 100), ("t_pose", 11)])
def test_committed_references_have_constant_and_symmetric_bone_lengths(name: str, frames: int) -> None:
    with np.load(REFERENCES / f"{name}.npz") as reference:
        assert all(reference[f"cam{camera:02d}/keypoints"].shape == (frames, 12, 3) for camera in (1, 2, 3, 4))
        assert reference["reprojection_px"] < 8
        assert reference["bone_spread_mm"].max() < 20
        lengths = reference["bone_length_mm"]
        assert np.abs(lengths[:8:2] - lengths[1:8:2]).max() < 20


def test_references_from_two_detectors_are_similar() -> None:
    """`balance` is from OpenPose, the ground truth of bench_real from MediaPipe, with other definitions of joints."""
    truth = np.load(GROUND_TRUTH)
    with np.load(REFERENCES / "balance.npz") as reference:
        for key in ("cam01/keypoints", "cam04/keypoints"):
            ours, theirs = reference[key].astype(float), truth[key].astype(float)
            assert pa_mpjpe(ours, theirs).mean() < 25
            assert mpjpe(ours, theirs, HIPS).mean() < 40


def test_clip_without_calibration_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert module.main(["jump"]) == 2
    assert "no calibration" in capsys.readouterr().err
