"""The converted network, compared with stored results of the tflite interpreter on crops of a picture."""

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from tar_core.files import ASSETS
from tar_core.model.convolution import pack_convolutions
from tar_core.model.face_landmarks import FaceLandmarks
from tar_core.model.face_network import load_face_landmarks
from tests.support.paths import DATA

REFERENCE = np.load(DATA / "face_landmarks_reference.npz")
FACES, SLEEVE = slice(0, 2), 2  # crops
EYES, CHIN = (33, 263), 152  # landmarks: outer corners of the right and of the left eye


@pytest.fixture(scope="module")
def crops() -> torch.Tensor:
    jpegs = [REFERENCE[f"jpeg_{number}"] for number in range(len(REFERENCE["presence"]))]
    images = np.stack([cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs])
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def found(crops: torch.Tensor) -> FaceLandmarks:
    with torch.inference_mode():
        return load_face_landmarks()(crops)


def test_equals_tflite(found: FaceLandmarks) -> None:
    # The original's origin is the corner of the crop; here it is the center of the top-left pixel.
    points = found.points + torch.tensor([0.5, 0.5, 0.0])
    np.testing.assert_allclose(points, REFERENCE["points"], atol=2e-3)
    np.testing.assert_allclose(found.presence, REFERENCE["presence"], atol=1e-4)


def test_faces_are_told_from_a_sleeve(found: FaceLandmarks) -> None:
    assert (found.presence[FACES] > 0.9).all() and found.presence[SLEEVE] < 0.1


def test_the_landmarks_are_in_the_face(found: FaceLandmarks) -> None:
    right, left, chin = found.points[0, [*EYES, CHIN], :2]
    assert right[0] < left[0] and chin[1] > max(right[1], left[1]) + 30


def test_packed_convolutions_do_not_change_results(crops: torch.Tensor, found: FaceLandmarks) -> None:
    with torch.inference_mode():
        packed = pack_convolutions(load_face_landmarks())(crops)
    torch.testing.assert_close(packed.points, found.points, atol=2e-3, rtol=0)


def test_weights_are_half_precision_and_name_their_origin() -> None:
    with safe_open(ASSETS / "face_landmarks.safetensors", "pt") as file:
        assert "@mediapipe/face_mesh" in file.metadata()["origin"]
        assert file.metadata()["licence"] == "Apache-2.0"
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118
