"""Estimation of the camera from straight lines: accurate in a room, a large expected error in clutter."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tar_core.camera.focal_length import LENS_MEDIAN, LOG_RATIOS, FocalLengthBelief
from tar_core.camera.vanishing_points import (
    CameraLikelihood,
    EstimatedCamera,
    estimate_camera,
    find_maxima,
    find_segments,
    finite_differences,
    focal_length_cue,
)
from tar_core.motion import Floor
from tests.support.rooms import SIZE, room, up_of

DIAGONAL = float(np.hypot(*SIZE))


def clutter(random: np.random.Generator, count: int) -> np.ndarray:
    middle, angle = random.uniform((0, 0), SIZE, (count, 2)), random.uniform(0, np.pi, count)
    half = random.uniform(15, 60, count)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.concatenate([middle - half, middle + half], 1)


def degrees_off(camera: EstimatedCamera, up: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(camera.up @ up, -1, 1))))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(5, 35), st.floats(-25, 25), st.floats(0.6, 1.2), st.floats(15, 75))
def test_estimate_camera_finds_up_and_focal_length_in_a_room(
    seed: int, pitch: float, roll: float, focal_length: float, azimuth: float
) -> None:
    random = np.random.default_rng(seed)
    up = up_of(pitch, roll)
    segments = np.concatenate([room(random, up, focal_length * DIAGONAL, azimuth), clutter(random, 30)])
    camera = estimate_camera(segments, SIZE)
    assert degrees_off(camera, up) < max(2.5, 2 * camera.up_error)
    assert abs(np.log(camera.focal_length / (focal_length * DIAGONAL))) < max(0.15, 3 * camera.focal_length_error)
    assert camera.up_error < 10

    known = estimate_camera(segments, SIZE, focal_length * DIAGONAL)
    assert known.focal_length == pytest.approx(focal_length * DIAGONAL) and known.focal_length_error == 0
    assert degrees_off(known, up) < 1.5


@pytest.mark.parametrize("seed", range(4))
def test_finite_differences_are_exact_for_a_quadratic(seed: int) -> None:
    random = np.random.default_rng(seed)
    bend, tilt = random.normal(size=(3, 3)), random.normal(size=3)
    x, step = random.normal(size=(5, 3)), np.array([0.1, 1.0, 0.03])
    slope, curvature = finite_differences(lambda y: np.einsum("gi,ij,gj->g", y, bend, y) + y @ tilt, x, step)
    np.testing.assert_allclose(slope, x @ (bend + bend.T) + tilt, atol=1e-9)
    np.testing.assert_allclose(curvature, np.broadcast_to(bend + bend.T, (5, 3, 3)), atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_find_maxima_is_as_good_as_nelder_mead(seed: int) -> None:
    random = np.random.default_rng(seed)
    segments = np.concatenate([room(random, up_of(12, 4), 1200.0, 35), clutter(random, 60)])
    likelihood = CameraLikelihood(segments, SIZE)
    starts, step = likelihood.starts(), np.array([1.0, 1.0, 2.0, 0.05])
    found = likelihood.log_posterior(find_maxima(likelihood.log_posterior, starts, step)).max()
    searched = max(
        -minimize(lambda x: -likelihood.log_posterior(x[None])[0], start, method="Nelder-Mead").fun for start in starts
    )
    assert found > searched - 0.02


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 150))
def test_clutter_gives_a_large_expected_error(seed: int, count: int) -> None:
    camera = estimate_camera(clutter(np.random.default_rng(seed), count), SIZE)
    assert camera.up_error > 10 and camera.focal_length_error > 0.25
    assert camera.focal_length == pytest.approx(LENS_MEDIAN * DIAGONAL, rel=0.15)


def test_more_lines_give_a_smaller_expected_error() -> None:
    random = np.random.default_rng(0)
    up = up_of(15, 0)
    few, many = (estimate_camera(room(random, up, 1200.0, 30, count), SIZE) for count in (24, 120))
    assert many.up_error < few.up_error and many.focal_length_error < few.focal_length_error


def test_lines_that_contradict_all_usual_lenses_make_the_focal_length_uncertain() -> None:
    segments = room(np.random.default_rng(1), up_of(12, 3), 2 * DIAGONAL, 35, 120)
    trusted = estimate_camera(segments, SIZE, belief=FocalLengthBelief.of_anything())
    assert trusted.focal_length == pytest.approx(2 * DIAGONAL, rel=0.05) and trusted.focal_length_error < 0.1
    assert estimate_camera(segments, SIZE).focal_length_error > 0.25


def test_the_cue_is_most_probable_at_the_true_focal_length() -> None:
    likelihood = CameraLikelihood(room(np.random.default_rng(2), up_of(15, 3), 1200.0, 35, 120), SIZE)
    log_likelihood, misleading = focal_length_cue(likelihood)
    assert np.exp(LOG_RATIOS[log_likelihood.argmax()]) * DIAGONAL == pytest.approx(1200, rel=0.05)
    assert misleading < 0.15
    assert focal_length_cue(CameraLikelihood(np.zeros((0, 4)), SIZE))[1] > 0.95


def test_what_is_known_about_the_focal_length_is_joined_with_the_lines() -> None:
    segments = room(np.random.default_rng(0), up_of(15, 0), 1200.0, 30, 40)
    measured = FocalLengthBelief.of_lenses().with_measurement(float(np.log(1200.0 / DIAGONAL)), 0.08, 0.1)
    alone, joined = estimate_camera(segments, SIZE), estimate_camera(segments, SIZE, belief=measured)
    assert joined.focal_length_error < alone.focal_length_error
    assert joined.focal_length == pytest.approx(1200, rel=0.05)


def test_an_uncertain_focal_length_makes_the_pitch_uncertain() -> None:
    segments = room(np.random.default_rng(0), up_of(30, 0), 1200.0, 0, 80)[np.arange(80) % 3 < 1]  # verticals only
    unknown, known = estimate_camera(segments, SIZE), estimate_camera(segments, SIZE, 1200.0)
    assert unknown.focal_length_error > 0.2
    assert unknown.up_error > known.up_error + 2


def test_a_level_view_of_a_wall_gives_a_large_error_of_the_focal_length() -> None:
    """All lines are parallel in the image, for any focal length."""
    camera = estimate_camera(room(np.random.default_rng(0), up_of(0, 0), 1200.0, 0, 80)[np.arange(80) % 3 < 2], SIZE)
    assert degrees_off(camera, up_of(0, 0)) < 3
    assert camera.focal_length_error > 0.15


@pytest.mark.parametrize("scale", [1, 2])
def test_find_segments_returns_long_segments_in_pixels_of_the_original_image(scale: int) -> None:
    image = np.full((720 * scale, 1280 * scale, 3), 40, np.uint8)
    cv2.rectangle(image, (100 * scale, 200 * scale), (700 * scale, 500 * scale), (200, 200, 200), -1)
    cv2.rectangle(image, (1000 * scale, 600 * scale), (1008 * scale, 606 * scale), (200, 200, 200), -1)
    segments = find_segments(image) / scale
    assert len(segments) == 4
    xs, ys = np.sort(segments[:, ::2], 1), np.sort(segments[:, 1::2], 1)
    np.testing.assert_allclose(xs[:2], [[100, 700]] * 2, atol=6)
    np.testing.assert_allclose(ys[2:], [[200, 500]] * 2, atol=6)


def test_an_image_without_lines_gives_the_largest_expected_error() -> None:
    assert find_segments(np.full((90, 160, 3), 127, np.uint8)).shape == (0, 4)
    camera = estimate_camera(np.zeros((0, 4)), SIZE)
    assert camera.up_error == 90
    assert abs(np.degrees(Floor(camera.up, 0.0).roll)) < 1
