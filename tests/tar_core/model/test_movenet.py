"""The converted network, compared with stored results of tf.js on crops of the demo video."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from tar_core.errors import TarError
from tar_core.files import ASSETS
from tar_core.model.backbones.blazepose import load_blazepose
from tar_core.model.convolution import pack_convolutions
from tar_core.model.keypoints import BLAZEPOSE_POINTS, Keypoints
from tar_core.model.movenet import MoveNet, load_movenet
from tests.support.paths import DATA

REFERENCE = np.load(DATA / "movenet_reference.npz")
NUM_CROPS = len(REFERENCE["keypoints"])
UPRIGHT, WITHOUT_PERSON = 0, 6  # crops


@pytest.fixture(scope="module")
def model() -> MoveNet:
    return load_movenet()


@pytest.fixture(scope="module")
def crops() -> torch.Tensor:
    jpegs = [REFERENCE[f"jpeg_{number}"] for number in range(NUM_CROPS)]
    images = np.stack([cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs])
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def keypoints(model: MoveNet, crops: torch.Tensor) -> Keypoints:
    with torch.inference_mode():
        return model(crops)


def test_equals_tf_js(keypoints: Keypoints) -> None:
    expected = REFERENCE["keypoints"]  # y, x as fractions of the crop's side, score
    # The original's origin is the corner of the crop; here it is the center of the top-left pixel.
    np.testing.assert_allclose(keypoints.points + 0.5, expected[..., 1::-1] * 256, atol=2e-3)
    np.testing.assert_allclose(keypoints.scores, expected[..., 2], atol=1e-4)


def test_crops_of_a_batch_are_independent(model: MoveNet, crops: torch.Tensor, keypoints: Keypoints) -> None:
    with torch.inference_mode():
        alone = model(crops[2:3])
    torch.testing.assert_close(alone.points, keypoints.points[2:3], atol=1e-3, rtol=0)


def test_packed_convolutions_do_not_change_results(crops: torch.Tensor, keypoints: Keypoints) -> None:
    with torch.inference_mode():
        packed = pack_convolutions(load_movenet())(crops)
    torch.testing.assert_close(packed.points, keypoints.points, atol=2e-3, rtol=0)
    torch.testing.assert_close(packed.scores, keypoints.scores, atol=1e-4, rtol=0)


@pytest.mark.slow
def test_is_traced_for_any_batch_and_content(model: MoveNet, crops: torch.Tensor, keypoints: Keypoints) -> None:
    """The forward pass has no Python that depends on data, so it can be exported."""
    batch = torch.export.Dim("batch", min=1, max=64)
    exported = torch.export.export(model, (crops[:2],), dynamic_shapes=({0: batch},))
    points, scores = exported.module()(crops)
    torch.testing.assert_close(points, keypoints.points, atol=1e-3, rtol=0)
    torch.testing.assert_close(scores, keypoints.scores, atol=1e-4, rtol=0)


def test_keypoints_are_these_landmarks_of_blazepose(crops: torch.Tensor, keypoints: Keypoints) -> None:
    with torch.inference_mode():
        landmarks = load_blazepose()(crops[UPRIGHT : UPRIGHT + 1]).landmarks.points[0]
    distance = (landmarks[list(BLAZEPOSE_POINTS)] - keypoints.points[UPRIGHT]).norm(dim=-1)
    assert distance.max() < 10  # pixels; the man is 180 pixels tall


def test_crop_without_a_person_has_low_scores(keypoints: Keypoints) -> None:
    means = keypoints.scores.mean(1)
    assert means[WITHOUT_PERSON] < 0.1
    assert (means[:WITHOUT_PERSON] > 0.3).all()


def test_weights_are_half_precision_and_name_their_origin() -> None:
    with safe_open(ASSETS / "movenet.safetensors", "pt") as file:
        assert "movenet/singlepose/thunder" in file.metadata()["origin"]
        assert file.metadata()["licence"] == "Apache-2.0"
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118


def test_missing_weights_are_reported(tmp_path: Path) -> None:
    with pytest.raises(TarError, match="nowhere"):
        load_movenet(tmp_path / "nowhere.safetensors")
