"""Crops around faces."""

import numpy as np
import pytest

from tar_core.face.crops import FACE_SCALE, crop_from_body, crop_from_face
from tests.support.faces import FACE_POINTS

MARKS = np.array([[0, 0], [-15, -20], [15, -20], [-12, 20], [12, 20]], float)  # nose, eyes, corners of the mouth


def turned(points: np.ndarray, roll: float) -> np.ndarray:
    return points @ np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])


@pytest.mark.parametrize("roll", [0.0, 0.4, -1.2])
def test_the_forehead_points_up_in_a_crop(roll: float) -> None:
    points = turned(MARKS, roll) + [300, 200]
    crop = crop_from_body(points, pixels_per_meter=600)
    assert crop.roll == pytest.approx(roll) and crop.size == pytest.approx(150)
    eyes, mouth = crop.from_image(points)[1:3], crop.from_image(points)[3:5]
    assert eyes[0, 1] == pytest.approx(eyes[1, 1], abs=1e-6) and eyes[0, 0] < eyes[1, 0]
    assert eyes[:, 1].max() < crop.pixels / 2 < mouth[:, 1].min()


@pytest.mark.parametrize("roll", [0.0, 0.7])
def test_a_crop_contains_the_face_with_a_margin(roll: float) -> None:
    points = turned(FACE_POINTS[:, :2], roll) + [100, 50]
    crop = crop_from_face(points)
    inside = crop.from_image(points)
    low, high = inside.min(0), inside.max(0)
    np.testing.assert_allclose((low + high) / 2, (crop.pixels - 1) / 2, atol=0.2)
    assert (high - low).max() == pytest.approx(crop.pixels / FACE_SCALE, rel=1e-3)
    assert crop.roll == pytest.approx(roll, abs=0.05)
