"""Tracking of camera rotation and zoom in the background, with moving people in front of it."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from tar_core.camera.rotation_tracking import (
    CameraMotionDetector,
    RotationEstimator,
    fit_rotation,
    track_camera_rotation,
)
from tar_core.camera.trajectory import CameraTrajectory

SIZE = (480, 320)
FOCAL = 500.0
BOX = np.array([[200.0, 80.0, 280.0, 300.0]])


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """A large image with many corners, in front of a camera of focal length FOCAL."""
    random = np.random.default_rng(0)
    noise = gaussian_filter(random.normal(size=(900, 1300)), 3)
    gray = np.clip(128 + 400 * noise / np.abs(noise).max(), 0, 255).astype(np.uint8)
    return np.repeat(gray[..., None], 3, 2)


def intrinsics(size: tuple[int, int]) -> np.ndarray:
    return np.array([[FOCAL, 0, (size[0] - 1) / 2], [0, FOCAL, (size[1] - 1) / 2], [0, 0, 1]])


def view(wall: np.ndarray, rotation_vector: np.ndarray, zoom: float = 1.0) -> np.ndarray:
    """Image of the wall in a rotated camera with `zoom` times the focal length."""
    rotation = Rotation.from_rotvec(rotation_vector).as_matrix()
    homography = intrinsics(SIZE) @ np.diag([zoom, zoom, 1]) @ rotation @ np.linalg.inv(intrinsics(wall.shape[1::-1]))
    return cv2.warpPerspective(wall, homography, SIZE)


def with_person(image: np.ndarray, time: int) -> np.ndarray:
    """The image with a moving pattern in BOX."""
    x0, y0, x1, y1 = BOX[0].astype(int)
    image = image.copy()
    pattern = np.random.default_rng(7).integers(0, 255, (55, 20), np.uint8)
    person = cv2.resize(np.roll(pattern, 3 * time, (0, 1)), (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
    image[y0:y1, x0:x1] = person[..., None]
    return image


def degrees_off(rotation_vectors: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.degrees((Rotation.from_rotvec(rotation_vectors) * Rotation.from_rotvec(truth).inv()).magnitude())


def test_pan_with_hand_shake(wall: np.ndarray) -> None:
    time = np.linspace(0, 1, 40)
    truth = np.radians(np.stack([4 * np.sin(9 * time), 30 * time, 3 * np.sin(5 * time)], 1))
    track = track_camera_rotation(
        ((with_person(view(wall, rotation_vector), k), BOX) for k, rotation_vector in enumerate(truth)), SIZE, FOCAL
    )
    assert track.rotation_vectors.shape == truth.shape
    assert degrees_off(track.rotation_vectors, truth).max() < 0.5
    assert track.inlier_ratio > 0.9
    assert (track.zoom_factors == 1).all()


def test_pan_beyond_the_first_image_takes_new_keyframes(wall: np.ndarray) -> None:
    truth = np.radians(np.stack([np.zeros(50), np.linspace(-33, 33, 50), np.zeros(50)], 1))
    track = track_camera_rotation(
        ((view(wall, rotation_vector), np.zeros((0, 4))) for rotation_vector in truth), SIZE, FOCAL
    )
    relative = (Rotation.from_rotvec(truth) * Rotation.from_rotvec(truth[0]).inv()).as_rotvec()
    assert degrees_off(track.rotation_vectors, relative).max() < 1.0
    assert (track.zoom_factors == 1).all()


@pytest.mark.parametrize("last", [1.6, 0.7])
def test_pan_with_a_zoom(wall: np.ndarray, last: float) -> None:
    time = np.linspace(0, 1, 50)
    truth = np.radians(np.stack([3 * np.sin(7 * time), 12 * time, np.sin(5 * time)], 1))
    zoom_factors = 1 + (last - 1) * np.clip(2 * time - 0.5, 0, 1)
    shots = [
        with_person(view(wall, rotation_vector, zoom), k)
        for k, (rotation_vector, zoom) in enumerate(zip(truth, zoom_factors, strict=True))
    ]
    track = track_camera_rotation([(image, BOX) for image in shots], SIZE, FOCAL)
    np.testing.assert_allclose(track.zoom_factors, zoom_factors, rtol=0.015)
    assert degrees_off(track.rotation_vectors, truth).max() < 0.5
    assert track.inlier_ratio > 0.9


def test_zoom_does_not_explain_a_camera_that_moves_forward() -> None:
    """Near points move more than far ones."""
    random = np.random.default_rng(3)
    points = np.stack([random.uniform(-3, 3, 200), random.uniform(-2, 2, 200), random.uniform(2, 12, 200)], 1)
    images = [(p[:, :2] / p[:, 2:] * FOCAL + (np.array(SIZE) - 1) / 2) for p in (points, points - (0, 0, 0.5))]
    estimator = RotationEstimator(SIZE, FOCAL, zooms=True)
    estimator.follow(*images)
    assert estimator.inlier_ratios[0] < 0.6


def test_motion_detector_ignores_moving_people(wall: np.ndarray) -> None:
    random, detector = np.random.default_rng(1), CameraMotionDetector()
    static = view(wall, np.zeros(3)).astype(float)
    for k in range(10):
        noisy = np.clip(static + 3 * random.normal(size=static.shape), 0, 255).astype(np.uint8)
        detector.add(with_person(noisy, k), BOX)
    assert not detector.is_moving


def test_motion_detector_notices_hand_shake(wall: np.ndarray) -> None:
    detector = CameraMotionDetector()
    for k in range(6):
        detector.add(with_person(view(wall, np.radians([0.2 * k, 0.3 * k, 0.0])), k), BOX)
    assert detector.is_moving


def test_a_cut_is_not_a_rotation(wall: np.ndarray) -> None:
    detector = CameraMotionDetector()
    other = np.rot90(wall, 2)
    shots = [view(wall, np.zeros(3))] * 3 + [view(other, np.zeros(3))] * 3
    for image in shots:
        detector.add(image, np.zeros((0, 4)))
    assert not detector.is_moving
    track = track_camera_rotation([(image, np.zeros((0, 4))) for image in shots], SIZE, FOCAL)
    assert degrees_off(track.rotation_vectors, np.zeros((6, 3))).max() < 0.1


@pytest.mark.parametrize("gray", [0, 255])
def test_pan_goes_on_behind_blank_images(wall: np.ndarray, gray: int) -> None:
    truth = np.radians(np.stack([np.zeros(40), np.linspace(0, 8, 40), np.linspace(0, 2, 40)], 1))
    images = [view(wall, rotation_vector) for rotation_vector in truth]
    for number in (0, 1, *range(12, 24)):
        images[number] = np.full_like(images[0], gray)
    track = track_camera_rotation(((image, np.zeros((0, 4))) for image in images), SIZE, FOCAL)
    assert len(track.rotation_vectors) == len(track.zoom_factors) == 40
    from_third = (Rotation.from_rotvec(truth) * Rotation.from_rotvec(truth[2]).inv()).as_rotvec()
    assert degrees_off(track.rotation_vectors, from_third)[2:].max() < 0.1


def test_images_without_corners_give_a_static_camera() -> None:
    blank = np.full((*SIZE[::-1], 3), 90, np.uint8)
    track = track_camera_rotation([(blank, np.zeros((0, 4)))] * 4, SIZE, FOCAL)
    assert not track.rotation_vectors.any() and track.inlier_ratio == 1.0


def test_rotation_does_not_explain_a_moving_camera() -> None:
    random = np.random.default_rng(2)
    points = np.stack([random.uniform(-3, 3, 200), random.uniform(-2, 2, 200), random.uniform(2, 12, 200)], 1)
    moved = points - (0.4, 0.0, 0.0)
    before, after = (p[:, :2] / p[:, 2:] * FOCAL + (np.array(SIZE) - 1) / 2 for p in (points, moved))
    assert fit_rotation(before, after, SIZE, (FOCAL, FOCAL), np.ones(200, bool))[1] < 0.5
    assert CameraTrajectory(0, np.zeros((1, 3)), inlier_ratio=0.5).is_unreliable
