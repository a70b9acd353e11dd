from pathlib import Path

import numpy as np
import pytest

from tar_core.camera.focal_length import LENS_MEDIAN, FocalLengthBelief
from tar_core.capture.initial_camera import (
    crop_factor,
    estimate_initial_camera,
    focal_length_of_file,
    known_focal_length,
)
from tar_core.options import CaptureOptions
from tests.tar_core.video.test_lens_metadata import IPHONE, write_video

GRAY = np.full((300, 400, 3), 128, np.uint8)


def test_known_focal_length_comes_from_the_options() -> None:
    assert known_focal_length(CaptureOptions(), 1920, 1080) is None
    assert known_focal_length(CaptureOptions(focal_length=800.0), 1920, 1080) == 800
    assert known_focal_length(CaptureOptions(fov=90.0), 1920, 1080) == pytest.approx(960)


def test_focal_length_of_an_image_without_lines_is_that_of_usual_lenses() -> None:
    camera = estimate_initial_camera(GRAY, CaptureOptions())
    assert camera.focal_length == pytest.approx(500 * LENS_MEDIAN, rel=0.01)
    assert camera.focal_length_error == pytest.approx(FocalLengthBelief.of_lenses().error, rel=0.05)
    assert estimate_initial_camera(GRAY, CaptureOptions(focal_length=800.0)).focal_length_error == 0


def test_lens_of_the_file_is_used_for_an_image_without_lines(tmp_path: Path) -> None:
    video = write_video(tmp_path / "phone.mov", {IPHONE: "52"})  # the telephoto lens
    camera = estimate_initial_camera(np.full((1080, 1920, 3), 128, np.uint8), CaptureOptions(), video)
    # 52 mm for 43.3 mm of diagonal, 16:9 of a 4:3 sensor, and stabilization.
    assert camera.focal_length / np.hypot(1920, 1080) == pytest.approx(52 / 43.3 * 1.0895 * 1.09, rel=0.12)
    assert camera.focal_length_error < 0.2
    assert (
        focal_length_of_file(write_video(tmp_path / "other.mov", {}), 64, 48).error
        == FocalLengthBelief.of_lenses().error
    )


def test_crop_factor_is_that_of_the_sensor_part_that_a_video_shows() -> None:
    stabilization = crop_factor(640, 480)  # the whole sensor
    assert crop_factor(1920, 1080) / stabilization == pytest.approx(1.0895, abs=1e-3)
    assert crop_factor(1080, 1920) == crop_factor(1920, 1080)
    # A square of the sensor's height: 5 to 3 sqrt(2).
    assert crop_factor(500, 500) / stabilization == pytest.approx(5 / (3 * 2**0.5), abs=1e-3)
