"""The converted detector against outputs of the tflite interpreter for real frames, stored by the converter."""

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from tar_core.errors import TarError
from tar_core.files import ASSETS
from tar_core.model.person_detector import SSDPersonDetector, load_detector
from tests.support.paths import DATA

REFERENCE = np.load(DATA / "ssd_person_reference.npz")


@pytest.fixture(scope="module")
def detector() -> SSDPersonDetector:
    return load_detector()


def test_outputs_equal_the_tflite_interpreter(detector: SSDPersonDetector) -> None:
    jpegs = [REFERENCE[name] for name in ("jpeg_0", "jpeg_1")]
    frames = np.stack([cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs])
    with torch.inference_mode():
        codes, logits = detector(torch.from_numpy(frames).permute(0, 3, 1, 2) / 127.5 - 1)
    np.testing.assert_allclose(codes, REFERENCE["codes"], atol=2e-3)
    np.testing.assert_allclose(logits, REFERENCE["logits"], atol=1e-3)


def test_anchor_layout(detector: SSDPersonDetector) -> None:
    anchors = detector.anchors.numpy()
    assert anchors.shape == (1917, 4)
    assert (anchors[:, :2] > 0).all() and (anchors[:, :2] < 1).all()
    np.testing.assert_allclose(anchors[0], [0.5 / 19, 0.5 / 19, 0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(anchors[3, :2], [1.5 / 19, 0.5 / 19], rtol=1e-6)  # rows first
    np.testing.assert_allclose(anchors[-1], [0.5, 0.5, 0.95**0.5, 0.95**0.5], rtol=1e-6)


def test_weights_are_float16_and_name_their_origin() -> None:
    with safe_open(ASSETS / "ssd_person.safetensors", "pt") as file:
        assert "@mediapipe/objectron" in file.metadata()["origin"]
        assert file.metadata()["licence"] == "Apache-2.0"
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118


def test_weights_of_another_network_are_rejected() -> None:
    with pytest.raises(TarError, match="another network"):
        load_detector(ASSETS / "blazepose.safetensors")
