import cv2
import numpy as np
import pytest

from tar_core.people.appearance import (
    SIZE,
    appearance_distance,
    appearance_of,
    color_histogram,
    to_lab,
    trunk_and_thighs,
)

HEIGHT, WIDTH = 400, 300


def landmarks(center: tuple[float, float] = (150, 150), scale: float = 1.0) -> np.ndarray:
    """[39, 2] of a standing person: the trunk is 60 pixels wide and 100 tall, the thighs are 90 long."""
    points = np.zeros((39, 2))
    rows = {11: (30, 0), 12: (-30, 0), 23: (20, 100), 24: (-20, 100), 25: (20, 190), 26: (-20, 190)}
    for row, offset in rows.items():
        points[row] = np.array(center) + scale * np.array(offset)
    return points


def picture(shirt: tuple[int, int, int], trousers: tuple[int, int, int], noise: float = 0.0) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), 128.0)
    image[130:250, 110:190] = shirt
    image[250:360, 110:190] = trousers
    image += np.random.default_rng(0).normal(0, 1, image.shape) * noise
    return image.clip(0, 255).astype(np.uint8)


RED, BLUE, GREEN = (190, 60, 50), (40, 60, 140), (60, 130, 60)


def test_same_clothes_are_alike_and_others_differ() -> None:
    worn = appearance_of(picture(RED, BLUE), landmarks())
    assert worn.shape == (SIZE,) and np.linalg.norm(worn) == pytest.approx(1, abs=1e-5)
    darker = picture(tuple(round(0.85 * c) for c in RED), tuple(round(0.85 * c) for c in BLUE), noise=8)  # type: ignore
    assert appearance_distance(worn, appearance_of(darker, landmarks())) < 0.35
    assert appearance_distance(worn, appearance_of(picture(BLUE, RED), landmarks())) > 0.9, "shirt and trousers"
    assert 0.5 < appearance_distance(worn, appearance_of(picture(RED, GREEN), landmarks())) < 0.8, "half of it"


def test_mean_of_appearances_needs_no_scaling() -> None:
    one, other = (appearance_of(picture(*colors), landmarks()) for colors in ((RED, BLUE), (GREEN, BLUE)))
    mean = (one + other) / 2
    assert appearance_distance(mean, one) == pytest.approx(appearance_distance(one, 5 * mean), abs=1e-6)
    assert appearance_distance(mean, one) < appearance_distance(one, other)
    assert appearance_distance(one, one) == pytest.approx(0, abs=1e-3)


def test_samples_lie_in_trunk_and_thighs() -> None:
    trunk, thighs = trunk_and_thighs(landmarks())
    assert (np.abs(trunk[:, 0] - 150) < 30).all() and (trunk[:, 1] > 150).all() and (trunk[:, 1] < 250).all()
    assert (np.abs(np.abs(thighs[:, 0] - 150) - 20) < 8).all() and (thighs[:, 1] > 250).all()


@pytest.mark.parametrize("center", [(-500.0, -500.0), (290.0, 390.0)])
def test_landmarks_outside_the_image_use_its_border(center: tuple[float, float]) -> None:
    appearance = appearance_of(picture(RED, BLUE), landmarks(center))
    assert np.isfinite(appearance).all()


def test_landmarks_in_one_point_give_an_appearance() -> None:
    assert np.isfinite(appearance_of(picture(RED, BLUE), landmarks(scale=0))).all()


def test_histogram_moves_with_the_color_without_jumps() -> None:
    colors = np.column_stack([np.linspace(0, 100, 40), np.linspace(-60, 60, 40), np.zeros(40)])
    histograms = np.array([color_histogram(color[None]) for color in colors])
    np.testing.assert_allclose(histograms.sum(1), 1)
    assert np.abs(np.diff(histograms, axis=0)).max() < 0.5


def test_conversion_to_lab_equals_opencv() -> None:
    colors = np.random.default_rng(0).integers(0, 256, (500, 3), np.uint8)
    colors[0], colors[1] = 0, 255
    expected = cv2.cvtColor(colors[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    np.testing.assert_allclose(to_lab(colors), expected, atol=0.4)  # OpenCV interpolates in a table
