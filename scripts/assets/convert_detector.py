"""Convert MediaPipe's SSD MobileNetV2 for Open Images (Apache-2.0) for `tar_core.model.person_detector`.

    python -m scripts.assets.convert_detector --video cam01.mp4 [--package mediapipe-objectron-0.4.1675468480.tgz]

writes the weights to tar_core/assets/ssd_person.safetensors (half floats, as in the tflite file; only the class Person
of the classifiers) and the reference of the tests to tests/data/ssd_person_reference.npz: frames of the video and the
outputs of the tflite interpreter for them. The committed reference is of Demo_SinglePerson/videos/cam01.mp4 of pose2sim
0.10.49 (BSD-3).
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import nn

from scripts.assets.conversion import run_conversion
from scripts.assets.tflite_file import read_layers
from scripts.paths import REPOSITORY
from tar_core.model.person_detector import SSDPersonDetector
from tar_core.runtime.graphs import DETECTOR_SIZE

PACKAGE = "@mediapipe/objectron@0.4.1675468480"
ARCHIVE = "objectron_solution_packed_assets.data"
FILE = "object_detection_ssd_mobilenetv2_oidv4_fp16.tflite"
FILE_RANGE = slice(184, 9987912)  # bytes of the archive, from the package's loader script
BOXES, CLASSES = "raw_outputs/box_encodings", "raw_outputs/class_predictions"
NUM_CLASSES, PERSON = 24, 4
WEIGHTS = REPOSITORY / "tar_core/assets/ssd_person.safetensors"
REFERENCE = REPOSITORY / "tests/data/ssd_person_reference.npz"
REFERENCE_FRAMES = (5, 60)


def convolutions_in_file_order(model: SSDPersonDetector) -> Iterator[nn.Conv2d]:
    """Yield the model's convolutions in the order of the tflite file: the heads of a map follow it directly."""

    def convolutions(module: nn.Module) -> Iterator[nn.Conv2d]:
        return (part for part in module.modules() if isinstance(part, nn.Conv2d))

    def heads(level: int) -> Iterator[nn.Conv2d]:
        yield from convolutions(model.box_heads[level])
        yield from convolutions(model.person_heads[level])

    backbone = model.backbone
    yield from (backbone.stem, backbone.stem_depthwise, backbone.stem_project)
    yield from convolutions(backbone.to_grid19)
    yield backbone.halving.expand
    yield from heads(0)
    yield from (backbone.halving.depthwise, backbone.halving.project)
    yield from convolutions(backbone.to_grid10)
    yield backbone.last
    yield from heads(1)
    for level, extra in enumerate(model.extras, start=2):
        yield from convolutions(extra)
        yield from heads(level)


def convert(tflite: bytes) -> dict[str, torch.Tensor]:
    """Convert a tflite file to the state of `SSDPersonDetector` in half floats."""
    model = SSDPersonDetector().half()
    person_heads = set(model.person_heads)
    pairs = zip(convolutions_in_file_order(model), read_layers(tflite, [BOXES, CLASSES]), strict=True)
    for target, source in pairs:
        rows = slice(PERSON, None, NUM_CLASSES) if target in person_heads else slice(None)
        weight, bias = source.weight[rows], source.bias[rows]
        assert target.weight.shape == weight.shape
        target.weight.data = torch.from_numpy(weight.copy())
        target.bias.data = torch.from_numpy(bias.copy())
    return model.state_dict()


def make_reference(tflite: bytes, video: Path) -> dict[str, np.ndarray]:
    """JPEGs of some frames, padded to squares and scaled to 300x300, and the outputs, stacked over the frames."""
    interpreter = Interpreter(model_content=tflite, num_threads=1)
    interpreter.allocate_tensors()
    outputs = {item["name"]: item["index"] for item in interpreter.get_output_details()}
    capture = cv2.VideoCapture(str(video))
    codes, logits, jpegs = [], [], {}
    for number, frame_number in enumerate(REFERENCE_FRAMES):
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame_number)
        found, frame = capture.read()
        assert found, f"{video} has no frame {frame_number}"
        height, width = frame.shape[:2]
        side = max(height, width)
        square = cv2.copyMakeBorder(frame, 0, side - height, 0, side - width, cv2.BORDER_CONSTANT)
        small = cv2.resize(square, (DETECTOR_SIZE, DETECTOR_SIZE), interpolation=cv2.INTER_AREA)
        jpegs[f"jpeg_{number}"] = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        decoded = cv2.imdecode(jpegs[f"jpeg_{number}"], cv2.IMREAD_COLOR)[..., ::-1]
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], decoded[None] / np.float32(127.5) - 1)
        interpreter.invoke()
        codes.append(interpreter.get_tensor(outputs[BOXES])[0])
        logits.append(interpreter.get_tensor(outputs[CLASSES])[0, :, PERSON])
    return {"codes": np.stack(codes), "logits": np.stack(logits), **jpegs}


if __name__ == "__main__":
    run_conversion(__doc__, PACKAGE, ARCHIVE, WEIGHTS, REFERENCE, convert, make_reference, FILE_RANGE, FILE)
