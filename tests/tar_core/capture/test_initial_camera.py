import numpy as np
import pytest

from tar_core.capture.initial_camera import estimate_initial_camera, known_focal_length
from tar_core.options import CaptureOptions


def test_known_focal_length_comes_from_the_options() -> None:
    assert known_focal_length(CaptureOptions(), 1920, 1080) is None
    assert known_focal_length(CaptureOptions(focal_length=800.0), 1920, 1080) == 800
    assert known_focal_length(CaptureOptions(fov=90.0), 1920, 1080) == pytest.approx(960)


def test_focal_length_of_an_image_without_lines_is_its_diagonal() -> None:
    camera = estimate_initial_camera(np.full((300, 400, 3), 128, np.uint8), CaptureOptions())
    assert camera.focal_length == pytest.approx(500)
