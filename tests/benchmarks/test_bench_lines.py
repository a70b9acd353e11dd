"""The benchmark of cameras from vanishing points: its true cameras and its tables."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.bench_lines import (
    CUES,
    Errors,
    View,
    camera_errors,
    degrees_between,
    panorama_views,
    print_bands,
    print_calibration,
    print_floors,
    rotated_views,
    world_views,
)
from benchmarks.world.truth import Truth
from tests.support.rooms import room, up_of
from tests.tar_core.video.test_lens_metadata import write_video

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def furniture() -> View:
    """An image of vertical and horizontal edges from a camera with pitch and roll."""
    up, focal_length = up_of(20.0, 8.0), 1100.0
    image = np.full((SIZE[1], SIZE[0], 3), 200, np.uint8)
    for x0, y0, x1, y1 in room(np.random.default_rng(3), up, focal_length, 35.0, count=90):
        cv2.line(image, (round(x0), round(y0)), (round(x1), round(y1)), (40, 40, 40), 3, cv2.LINE_AA)
    return View("furniture", image, up, focal_length)


def test_camera_is_estimated(furniture: View) -> None:
    errors = camera_errors(furniture)
    assert errors.degrees < 1.5 and abs(errors.focal_length) < 0.1


def test_rotated_views_have_the_true_up_direction(furniture: View) -> None:
    for view in rotated_views(furniture, np.random.default_rng(0)):
        assert degrees_between(view.up, furniture.up) > 0.1
        assert camera_errors(view).degrees < 3


def test_panorama_views_have_the_true_up_direction(tmp_path: Path) -> None:
    sky = np.full((64, 128, 3), 0.1, np.float32)
    sky[:32] = 1.0  # above the horizon
    assert cv2.imwrite(str(tmp_path / "sky.hdr"), sky)
    for view in panorama_views(tmp_path, np.random.default_rng(1)):
        height, width = view.image.shape[:2]
        x, y = np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)
        above = np.stack([x, y, np.full_like(x, view.focal_length)], -1) @ view.up / view.focal_length
        bright = view.image[..., 0] > 200
        assert bright[above > 0.1].all() and not bright[above < -0.1].any()


def errors(degrees: float, expected: float, focal_length: float, expected_focal_length: float) -> Errors:
    same = (focal_length, expected_focal_length)
    return Errors(degrees, expected, *same, dict.fromkeys(CUES, same))


def test_calibration_is_printed_for_each_cue(capsys: pytest.CaptureFixture[str]) -> None:
    print_calibration([errors(0.5, 0.7, -0.02, 0.05), errors(1.0, 1.0, 0.5, 0.3)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CUES)
    assert "joined" in lines[2] and "within the expected error  50%, median 26.0% (expected 17.5%)" in lines[2]


def test_first_frames_of_rendered_videos_have_the_true_camera(tmp_path: Path) -> None:
    rotation = Rotation.from_euler("x", [[170.0], [150.0]], degrees=True).as_matrix()  # y up to y down, and a pitch
    none = np.zeros((0, 2, 24, 3))
    truth = Truth(
        np.array([64, 48]), 50.0, rotation, np.zeros((2, 3)), none, none[:, 0, :10, 0], none[:, :, 0], none[..., 0, 0]
    )
    truth.save(tmp_path / "walk-1.npz")
    assert not list(world_views(tmp_path))  # without its video
    write_video(tmp_path / "walk-1.mp4", {})
    (view,) = world_views(tmp_path)
    assert view.focal_length == 50 and view.image.shape == (48, 64, 3)
    assert degrees_between(view.up, truth.up) < 1e-6


def test_errors_are_grouped_by_the_expected_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_bands("some", [errors(0.5, 0.7, 0.02, 0.05), errors(30.0, 40.0, 0.5, 0.6)])
    lines = capsys.readouterr().out.splitlines()
    assert "0 to 1 degrees:   1, median 0.5" in lines[2]
    assert "more than 8 degrees:   1, median 30.0" in lines[3]
    assert "joined" in lines[-1]


def test_missing_motions_give_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_floors(tmp_path, [])
    assert "make bench-real" in capsys.readouterr().out
