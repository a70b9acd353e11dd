"""A camera that turns: its turns come out of the background, whatever people do before it."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from tar_core.camera.rotation_tracking import CameraMotionDetector, _Chain, fit_turn, track_camera_rotation
from tar_core.camera.trajectory import CameraTrajectory

SIZE = (480, 320)
FOCAL = 500.0
BOX = np.array([[200.0, 80.0, 280.0, 300.0]])


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """A large picture with corners, seen by a camera of FOCAL that looks straight at it."""
    random = np.random.default_rng(0)
    noise = gaussian_filter(random.normal(size=(900, 1300)), 3)
    gray = np.clip(128 + 400 * noise / np.abs(noise).max(), 0, 255).astype(np.uint8)
    return np.repeat(gray[..., None], 3, 2)


def intrinsics(size: tuple[int, int]) -> np.ndarray:
    return np.array([[FOCAL, 0, (size[0] - 1) / 2], [0, FOCAL, (size[1] - 1) / 2], [0, 0, 1]])


def seen(wall: np.ndarray, turn: np.ndarray, zoom: float = 1.0) -> np.ndarray:
    """What a camera turned by the rotation vector, with `zoom` times the focal length, sees of the wall."""
    rotation = Rotation.from_rotvec(turn).as_matrix()
    homography = intrinsics(SIZE) @ np.diag([zoom, zoom, 1]) @ rotation @ np.linalg.inv(intrinsics(wall.shape[1::-1]))
    return cv2.warpPerspective(wall, homography, SIZE)


def with_person(image: np.ndarray, time: int) -> np.ndarray:
    """Somebody with a pattern of their own dances in BOX."""
    x0, y0, x1, y1 = BOX[0].astype(int)
    image = image.copy()
    pattern = np.random.default_rng(7).integers(0, 255, (55, 20), np.uint8)
    person = cv2.resize(np.roll(pattern, 3 * time, (0, 1)), (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
    image[y0:y1, x0:x1] = person[..., None]
    return image


def degrees_off(turns: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.degrees((Rotation.from_rotvec(turns) * Rotation.from_rotvec(truth).inv()).magnitude())


def test_a_pan_with_a_shaking_hand(wall: np.ndarray) -> None:
    time = np.linspace(0, 1, 40)
    truth = np.radians(np.stack([4 * np.sin(9 * time), 30 * time, 3 * np.sin(5 * time)], 1))
    track = track_camera_rotation(
        ((with_person(seen(wall, turn), k), BOX) for k, turn in enumerate(truth)), SIZE, FOCAL
    )
    assert track.rotation_vectors.shape == truth.shape
    assert degrees_off(track.rotation_vectors, truth).max() < 0.5
    assert track.inlier_ratio > 0.9
    assert (track.zoom_factors == 1).all()


def test_a_pan_of_more_than_the_picture_takes_new_keys(wall: np.ndarray) -> None:
    truth = np.radians(np.stack([np.zeros(50), np.linspace(-33, 33, 50), np.zeros(50)], 1))
    track = track_camera_rotation(((seen(wall, turn), np.zeros((0, 4))) for turn in truth), SIZE, FOCAL)
    relative = (Rotation.from_rotvec(truth) * Rotation.from_rotvec(truth[0]).inv()).as_rotvec()
    assert degrees_off(track.rotation_vectors, relative).max() < 1.0
    assert (track.zoom_factors == 1).all()


@pytest.mark.parametrize("last", [1.6, 0.7])
def test_a_pan_with_a_zoom(wall: np.ndarray, last: float) -> None:
    time = np.linspace(0, 1, 50)
    truth = np.radians(np.stack([3 * np.sin(7 * time), 12 * time, np.sin(5 * time)], 1))
    zooms = 1 + (last - 1) * np.clip(2 * time - 0.5, 0, 1)
    shots = [with_person(seen(wall, turn, zoom), k) for k, (turn, zoom) in enumerate(zip(truth, zooms, strict=True))]
    track = track_camera_rotation([(image, BOX) for image in shots], SIZE, FOCAL)
    np.testing.assert_allclose(track.zoom_factors, zooms, rtol=0.015)
    assert degrees_off(track.rotation_vectors, truth).max() < 0.5
    assert track.inlier_ratio > 0.9


def test_a_camera_that_goes_forward_is_no_zoom_that_explains_it() -> None:
    """Near things grow more than far ones; a wall and what stands before it."""
    random = np.random.default_rng(3)
    points = np.stack([random.uniform(-3, 3, 200), random.uniform(-2, 2, 200), random.uniform(2, 12, 200)], 1)
    pictures = [(p[:, :2] / p[:, 2:] * FOCAL + (np.array(SIZE) - 1) / 2) for p in (points, points - (0, 0, 0.5))]
    chain = _Chain(SIZE, FOCAL, zooms=True)
    chain.follow(*pictures)
    assert chain.inlier_ratio[0] < 0.6


def test_a_still_camera_stands_while_people_move(wall: np.ndarray) -> None:
    random, watch = np.random.default_rng(1), CameraMotionDetector()
    still = seen(wall, np.zeros(3)).astype(float)
    for k in range(10):
        noisy = np.clip(still + 3 * random.normal(size=still.shape), 0, 255).astype(np.uint8)
        watch.look(with_person(noisy, k), BOX)
    assert not watch.moves


def test_a_shaking_hand_is_noticed(wall: np.ndarray) -> None:
    watch = CameraMotionDetector()
    for k in range(6):
        watch.look(with_person(seen(wall, np.radians([0.2 * k, 0.3 * k, 0.0])), k), BOX)
    assert watch.moves


def test_a_cut_is_no_turn(wall: np.ndarray) -> None:
    watch = CameraMotionDetector()
    other = np.rot90(wall, 2)
    shots = [seen(wall, np.zeros(3))] * 3 + [seen(other, np.zeros(3))] * 3
    for image in shots:
        watch.look(image, np.zeros((0, 4)))
    assert not watch.moves
    track = track_camera_rotation([(image, np.zeros((0, 4))) for image in shots], SIZE, FOCAL)
    assert degrees_off(track.rotation_vectors, np.zeros((6, 3))).max() < 0.1


def test_nothing_to_see_is_a_camera_that_stands() -> None:
    blank = np.full((*SIZE[::-1], 3), 90, np.uint8)
    track = track_camera_rotation([(blank, np.zeros((0, 4)))] * 4, SIZE, FOCAL)
    assert not track.rotation_vectors.any() and track.inlier_ratio == 1.0


def test_turns_do_not_explain_a_camera_that_is_carried() -> None:
    random = np.random.default_rng(2)
    points = np.stack([random.uniform(-3, 3, 200), random.uniform(-2, 2, 200), random.uniform(2, 12, 200)], 1)
    carried = points - (0.4, 0.0, 0.0)
    before, after = (p[:, :2] / p[:, 2:] * FOCAL + (np.array(SIZE) - 1) / 2 for p in (points, carried))
    assert fit_turn(before, after, SIZE, (FOCAL, FOCAL), np.ones(200, bool))[1] < 0.5
    assert CameraTrajectory(0, np.zeros((1, 3)), inlier_ratio=0.5).is_unreliable
