"""The converted network, compared with stored results of the tflite interpreter on real crops."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from tar_core.errors import TarError
from tar_core.files import ASSETS
from tar_core.model.backbones.blazepose import BlazePose, load_blazepose
from tar_core.model.convolution import pack_convolutions
from tar_core.model.features import CONFIDENCES, DEPTHS, NUM_LANDMARKS, POINTS, POOLED, WORLD, FrameFeatures
from tests.support.paths import DATA

REFERENCE = np.load(DATA / "blazepose_reference.npz")
NUM_CROPS = len(REFERENCE["score"])


@pytest.fixture(scope="module")
def model() -> BlazePose:
    return load_blazepose()


@pytest.fixture(scope="module")
def crops() -> torch.Tensor:
    jpegs = [REFERENCE[f"jpeg_{number}"] for number in range(NUM_CROPS)]
    images = np.stack([cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs])
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def features(model: BlazePose, crops: torch.Tensor) -> FrameFeatures:
    with torch.inference_mode():
        return model(crops)


def test_equals_interpreter(features: FrameFeatures) -> None:
    landmarks = features.landmarks
    expected = REFERENCE["landmarks"]
    # MediaPipe's origin is the corner of the crop; here it is the center of the top-left pixel.
    np.testing.assert_allclose(landmarks.points + 0.5, expected[..., :2], atol=0.01)
    np.testing.assert_allclose(landmarks.world, REFERENCE["world"], atol=1e-4)
    np.testing.assert_allclose(landmarks.visibility, 1 / (1 + np.exp(-expected[..., 3])), atol=1e-4)
    np.testing.assert_allclose(landmarks.presence, 1 / (1 + np.exp(-expected[..., 4])), atol=1e-4)
    np.testing.assert_allclose(landmarks.score, REFERENCE["score"], atol=1e-4)


def test_local_map_equals_interpreter(features: FrameFeatures) -> None:
    local_map = features.local_map.permute(0, 2, 3, 1)
    np.testing.assert_allclose(local_map[:, ::9, ::9], REFERENCE["map_samples"], atol=2e-3)
    np.testing.assert_allclose(local_map.mean((1, 2)), REFERENCE["map_mean"], atol=1e-3)
    np.testing.assert_allclose(local_map.std((1, 2), correction=0), REFERENCE["map_std"], atol=1e-3)


def test_shapes_and_vector_layout(features: FrameFeatures) -> None:
    landmarks = features.landmarks
    assert features.vector.shape == (NUM_CROPS, BlazePose.vector_size)
    assert features.local_map.shape == (NUM_CROPS, BlazePose.map_channels, 64, 64)
    assert landmarks.points.shape == (NUM_CROPS, NUM_LANDMARKS, 2)
    assert landmarks.score.shape == (NUM_CROPS,)

    vector = features.vector
    slices = [POOLED, POINTS, DEPTHS, CONFIDENCES, WORLD]
    assert [part.start for part in slices] == [0, *[part.stop for part in slices[:-1]]]
    assert slices[-1].stop == vector.shape[1]
    torch.testing.assert_close((vector[:, POINTS] * 128 + 127.5).view(-1, 39, 2), landmarks.points)
    torch.testing.assert_close(vector[:, CONFIDENCES].view(-1, 39, 2)[..., 0], landmarks.visibility)
    torch.testing.assert_close(vector[:, WORLD].view(-1, 39, 3) / 2, landmarks.world)


def test_world_axes_are_right_down_forward(features: FrameFeatures) -> None:
    """The man in the crops is upright and faces the camera."""
    world = features.landmarks.world
    nose, left_ear, left_hip, right_hip, ankles = world[:, 0], world[:, 7], world[:, 23], world[:, 24], world[:, 27:29]
    assert (left_hip[:, 0] > right_hip[:, 0]).all()  # his left side is on the right in the image
    assert (nose[:, 1] < left_hip[:, 1]).all() and (ankles[..., 1] > 0.3).all()
    assert (nose[:, 2] < left_ear[:, 2]).all()  # nearer to the camera


def test_crop_without_a_person_has_a_low_score(model: BlazePose) -> None:
    with torch.inference_mode():
        assert model(torch.full((1, 3, 256, 256), 0.5)).landmarks.score < 0.1


def test_crops_of_a_batch_are_independent(model: BlazePose, crops: torch.Tensor, features: FrameFeatures) -> None:
    with torch.inference_mode():
        alone = model(crops[2:3])
    torch.testing.assert_close(alone.landmarks.world, features.landmarks.world[2:3], atol=1e-4, rtol=0)
    torch.testing.assert_close(alone.local_map, features.local_map[2:3], atol=1e-3, rtol=0)


def test_packed_convolutions_do_not_change_results(crops: torch.Tensor, features: FrameFeatures) -> None:
    with torch.inference_mode():
        packed = pack_convolutions(load_blazepose())(crops)
    torch.testing.assert_close(packed.landmarks.world, features.landmarks.world, atol=1e-4, rtol=0)
    torch.testing.assert_close(packed.vector, features.vector, atol=1e-3, rtol=0)
    torch.testing.assert_close(packed.local_map, features.local_map, atol=1e-3, rtol=0)


def test_gradients_work_with_in_place_operations(crops: torch.Tensor) -> None:
    model = load_blazepose()
    features = model(crops[:1])
    (features.vector.sum() + features.local_map.sum()).backward()
    assert model.encoder.stem.weight.grad.abs().sum() > 0
    assert all(parameter.grad is not None for parameter in model.landmark_encoder.parameters())


def test_weights_are_half_precision_and_name_their_origin() -> None:
    with safe_open(ASSETS / "blazepose.safetensors", "pt") as file:
        assert "@mediapipe/pose" in file.metadata()["origin"]
        assert file.metadata()["licence"] == "Apache-2.0"
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118


def test_missing_weights_are_reported(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="nowhere"):
        load_blazepose(tmp_path / "nowhere.safetensors")
