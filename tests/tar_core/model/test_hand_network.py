"""The converted network, compared with stored results of the tflite interpreter on crops of the demo video."""

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from tar_core.files import ASSETS
from tar_core.model.convolution import pack_convolutions
from tar_core.model.hand_landmarks import HandLandmarks
from tar_core.model.hand_network import load_hand_landmarks
from tests.support.paths import DATA

REFERENCE = np.load(DATA / "hand_landmarks_reference.npz")
RIGHT_HANDS, WALL = slice(0, 2), 3  # crops; crop 2 is a hand from the side, which the network doubts


@pytest.fixture(scope="module")
def crops() -> torch.Tensor:
    jpegs = [REFERENCE[f"jpeg_{number}"] for number in range(len(REFERENCE["presence"]))]
    images = np.stack([cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs])
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def found(crops: torch.Tensor) -> HandLandmarks:
    with torch.inference_mode():
        return load_hand_landmarks()(crops)


def test_equals_tflite(found: HandLandmarks) -> None:
    # The original's origin is the corner of the crop; here it is the center of the top-left pixel.
    points = found.points + torch.tensor([0.5, 0.5, 0.0])
    np.testing.assert_allclose(points, REFERENCE["points"], atol=2e-3)
    np.testing.assert_allclose(found.presence, REFERENCE["presence"], atol=1e-4)


def test_hands_are_told_from_the_wall(found: HandLandmarks) -> None:
    assert (found.presence[RIGHT_HANDS] > 0.5).all() and found.presence[WALL] < 0.1


def test_a_mirrored_hand_has_mirrored_landmarks(crops: torch.Tensor, found: HandLandmarks) -> None:
    with torch.inference_mode():
        mirrored = load_hand_landmarks()(crops[:1].flip(3))
    expected = found.points[:1, :, :2] * torch.tensor([-1, 1]) + torch.tensor([crops.shape[-1] - 1, 0])
    assert (mirrored.points[..., :2] - expected).norm(dim=-1).mean() < 10  # pixels of 224


def test_packed_convolutions_do_not_change_results(crops: torch.Tensor, found: HandLandmarks) -> None:
    with torch.inference_mode():
        packed = pack_convolutions(load_hand_landmarks())(crops)
    torch.testing.assert_close(packed.points, found.points, atol=2e-3, rtol=0)


def test_weights_are_half_precision_and_name_their_origin() -> None:
    with safe_open(ASSETS / "hand_landmarks.safetensors", "pt") as file:
        assert "@mediapipe/hands" in file.metadata()["origin"]
        assert file.metadata()["licence"] == "Apache-2.0"
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118
