"""Convert MediaPipe's face-landmark network (Apache-2.0) for `tar_core.model.face_network`.

    python -m scripts.assets.convert_face_landmarks --video astronaut.png [--package mediapipe-face_mesh-....tgz]

writes the weights to tar_core/assets/face_landmarks.safetensors (half floats, as in the tflite file) and, with --video,
the reference of the tests to tests/data/face_landmarks_reference.npz: crops of the first frame of the video and the
outputs of the tflite interpreter for them. The committed reference is of NASA's picture of an astronaut in scikit-image
0.26.0, skimage/data/astronaut.png (public domain).
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from scripts.assets.conversion import run_conversion, run_interpreter
from scripts.assets.tflite_file import Layer, read_layers
from scripts.paths import REPOSITORY
from tar_core.camera.crop import Crop
from tar_core.model.face_landmarks import FACE_CROP_SIZE, NUM_FACE_LANDMARKS
from tar_core.model.face_network import FaceLandmarkNetwork

PACKAGE = "@mediapipe/face_mesh@0.4.1657299874"
FILE = "face_mesh_solution_packed_assets.data"  # several files in a row
PART, PART_NAME = slice(2495952, 3737848), "face_landmark.tflite"  # from ..._packed_assets_loader.js of the package
POINTS, PRESENCE = "conv2d_21", "conv2d_31"
WEIGHTS = REPOSITORY / "tar_core/assets/face_landmarks.safetensors"
REFERENCE = REPOSITORY / "tests/data/face_landmarks_reference.npz"
# The face, twice, and a sleeve.
REFERENCE_CROPS = (
    Crop(222, 120, 190, 0.0, FACE_CROP_SIZE),
    Crop(228, 112, 220, 0.35, FACE_CROP_SIZE),
    Crop(80, 420, 150, 0.0, FACE_CROP_SIZE),
)


def layers_in_file_order(model: nn.Module) -> Iterator[nn.Conv2d | nn.PReLU]:
    """Yield the model's layers in the order of the tflite file, which is that of their definition."""
    return (part for part in model.modules() if isinstance(part, nn.Conv2d | nn.PReLU))


def copy_layers(model: nn.Module, layers: list[Layer]) -> None:
    """Copy the layers of the file to a model in half floats."""
    for target, source in zip(layers_in_file_order(model), layers, strict=True):
        assert target.weight.shape == source.weight.shape
        target.weight.data = torch.from_numpy(source.weight.copy())
        if isinstance(target, nn.Conv2d) and target.bias is not None:
            target.bias.data = torch.from_numpy(source.bias.copy())
        else:
            assert not source.bias.any(), "depthwise convolutions and slopes have no bias"


def convert(tflite: bytes) -> dict[str, torch.Tensor]:
    """Convert a tflite file to the state of `FaceLandmarkNetwork` in half floats."""
    model = FaceLandmarkNetwork().half()
    layers = {output: read_layers(tflite, [output]) for output in (POINTS, PRESENCE)}  # each with the trunk
    trunk = len(list(layers_in_file_order(model.trunk)))
    copy_layers(model.trunk, layers[POINTS][:trunk])
    copy_layers(model.point_head, layers[POINTS][trunk:])
    copy_layers(model.presence_head, layers[PRESENCE][trunk:])
    return model.state_dict()


def run_original(tflite: bytes, crops: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of the tflite interpreter for uint8 crops [B, 192, 192, 3]: points and presence."""
    outputs = run_interpreter(tflite, crops / np.float32(255))
    return {
        "points": outputs[POINTS].reshape(-1, NUM_FACE_LANDMARKS, 3),
        "presence": 1 / (1 + np.exp(-outputs[PRESENCE].reshape(-1))),
    }


def make_reference(tflite: bytes, video: Path) -> dict[str, np.ndarray]:
    """JPEG crops of the first frame, and the outputs for the decoded JPEGs, stacked over the crops."""
    found, frame = cv2.VideoCapture(str(video)).read()
    assert found, f"{video} cannot be read"
    jpegs = {
        f"jpeg_{number}": cv2.imencode(".jpg", crop.cut(frame), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        for number, crop in enumerate(REFERENCE_CROPS)
    }
    crops = np.stack([cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1] for jpeg in jpegs.values()])
    return {**run_original(tflite, crops), **jpegs}


if __name__ == "__main__":
    run_conversion(__doc__, PACKAGE, FILE, WEIGHTS, REFERENCE, convert, make_reference, PART, PART_NAME)
