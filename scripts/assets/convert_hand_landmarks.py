"""Convert MediaPipe's lite hand-landmark network (Apache-2.0) for `tar_core.model.hand_network`.

    python -m scripts.assets.convert_hand_landmarks --video cam01.mp4 [--package mediapipe-hands-0.4.1675469240.tgz]

writes the weights to tar_core/assets/hand_landmarks.safetensors (half floats, as in the tflite file) and, with --video,
the reference of the tests to tests/data/hand_landmarks_reference.npz: crops of the video and the outputs of the tflite
interpreter for them. The committed reference is of Demo_SinglePerson/videos/cam01.mp4 of pose2sim 0.10.49 (BSD-3).
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from scripts.assets.conversion import run_conversion, run_interpreter
from scripts.assets.tflite_file import read_layers
from scripts.paths import REPOSITORY
from tar_core.camera.crop import Crop
from tar_core.model.hand_landmarks import HAND_CROP_SIZE, NUM_HAND_LANDMARKS
from tar_core.model.hand_network import HandLandmarkNetwork

PACKAGE = "@mediapipe/hands@0.4.1675469240"
FILE = "hand_landmark_lite.tflite"
POINTS, PRESENCE = "Identity", "Identity_1"
WEIGHTS = REPOSITORY / "tar_core/assets/hand_landmarks.safetensors"
REFERENCE = REPOSITORY / "tests/data/hand_landmarks_reference.npz"
# The right hand of the man, twice, his left hand from the side, and the wall.
REFERENCE_CROPS = (
    (2, Crop(268, 763, 132, -2.94, HAND_CROP_SIZE)),
    (42, Crop(585, 386, 177, 0.76, HAND_CROP_SIZE)),
    (42, Crop(636, 968, 132, 3.02, HAND_CROP_SIZE)),
    (60, Crop(900, 300, 300, 0.0, HAND_CROP_SIZE)),
)


def layers_in_file_order(model: HandLandmarkNetwork) -> Iterator[nn.Conv2d | nn.Linear]:
    """Yield the model's layers in the order of the tflite file, which is that of their definition."""
    return (part for part in model.modules() if isinstance(part, nn.Conv2d | nn.Linear))


def convert(tflite: bytes) -> dict[str, torch.Tensor]:
    """Convert a tflite file to the state of `HandLandmarkNetwork` in half floats."""
    model = HandLandmarkNetwork().half()
    pairs = zip(layers_in_file_order(model), read_layers(tflite, [POINTS, PRESENCE]), strict=True)
    for target, source in pairs:
        assert target.weight.shape == source.weight.shape and target.bias is not None
        target.weight.data = torch.from_numpy(source.weight.copy())
        target.bias.data = torch.from_numpy(source.bias.copy())
    return model.state_dict()


def run_original(tflite: bytes, crops: np.ndarray) -> dict[str, np.ndarray]:
    """Outputs of the tflite interpreter for uint8 crops [B, 224, 224, 3]: points and presence."""
    outputs = run_interpreter(tflite, crops / np.float32(255))
    return {
        "points": outputs[POINTS].reshape(-1, NUM_HAND_LANDMARKS, 3),
        "presence": outputs[PRESENCE][:, 0],
    }


def make_reference(tflite: bytes, video: Path) -> dict[str, np.ndarray]:
    """JPEG crops of some frames, and the outputs for the decoded JPEGs, stacked over the crops."""
    capture = cv2.VideoCapture(str(video))
    jpegs = {}
    for number, (frame_number, crop) in enumerate(REFERENCE_CROPS):
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame_number)
        found, frame = capture.read()
        assert found, f"{video} has no frame {frame_number}"
        jpegs[f"jpeg_{number}"] = cv2.imencode(".jpg", crop.cut(frame), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    crops = np.stack([cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1] for jpeg in jpegs.values()])
    return {**run_original(tflite, crops), **jpegs}


if __name__ == "__main__":
    run_conversion(__doc__, PACKAGE, FILE, WEIGHTS, REFERENCE, convert, make_reference)
