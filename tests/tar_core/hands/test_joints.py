"""Joints of hands in space."""

import cv2
import numpy as np
import pytest
import torch

from tar_core.camera.crop import Crop
from tar_core.hands.joints import hand_in_space, mirror_left, points_in_image
from tar_core.hands.skeleton import SIDES
from tar_core.model.hand_network import load_hand_landmarks
from tests.support.paths import DATA

LEFT, RIGHT = range(2)
CROP = Crop(300.0, 200.0, 150.0, 0.4, 224)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """A right hand, the thumb on the left and the fingers up."""
    jpeg = np.load(DATA / "hand_landmarks_reference.npz")["jpeg_0"]
    return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def seen_in(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Code and cells of a crop."""
    with torch.inference_mode():
        found = load_hand_landmarks()(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255)
    return found.code[0].numpy(), found.cells[0].numpy()


def test_a_real_hand_has_the_size_and_direction_of_the_one_in_the_picture(picture: np.ndarray) -> None:
    upright = Crop(300.0, 200.0, 150.0, 0.0, 224)
    joints = hand_in_space(upright, *seen_in(mirror_left(picture, RIGHT)), RIGHT).joints
    assert np.linalg.norm(joints[0]) < 0.01
    assert 0.06 < -joints[9, 1] < 0.13  # meters to the middle knuckle, up
    assert joints[4, 0] < joints[20, 0], "the thumb is left of the little finger"


def test_left_hands_are_mirrored_right_ones(picture: np.ndarray) -> None:
    assert SIDES == ("left", "right")
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    upright = Crop(300.0, 200.0, 150.0, 0.0, 224)
    right = hand_in_space(upright, *seen_in(mirror_left(picture, RIGHT)), RIGHT)
    left = hand_in_space(upright, *seen_in(mirror_left(mirrored, LEFT)), LEFT)
    np.testing.assert_allclose(left.joints, right.joints * [-1, 1, 1], atol=1e-5)
    np.testing.assert_allclose(left.angles, right.angles, atol=1e-4)


def test_the_roll_of_the_crop_is_undone(picture: np.ndarray) -> None:
    seen = seen_in(picture)
    upright, rolled = (hand_in_space(Crop(0, 0, 100, roll, 224), *seen, RIGHT).joints for roll in (0.0, np.pi / 2))
    # The x axis of the rolled crop points down in the image.
    np.testing.assert_allclose(rolled[:, 1], upright[:, 0], atol=1e-9)
    np.testing.assert_allclose(rolled[:, 2], upright[:, 2], atol=1e-9)


def test_points_of_mirrored_crops_are_where_they_are_in_the_frame() -> None:
    points = np.array([[10.0, 50.0, 0.0], [200.0, 60.0, 0.0]])
    mirrored = points * [-1, 1, 1] + [223, 0, 0]
    expected = CROP.to_image(points[:, :2])
    np.testing.assert_allclose(points_in_image(CROP, points, RIGHT), expected)
    np.testing.assert_allclose(points_in_image(CROP, mirrored, LEFT), expected)
