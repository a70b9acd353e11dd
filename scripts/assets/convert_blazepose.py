"""Convert MediaPipe's heavy pose-landmark network (Apache-2.0) for `tar_core.model.backbones.blazepose`.

    python -m scripts.assets.convert_blazepose --video cam01.mp4 [--package mediapipe-pose-0.5.1675469404.tgz]

writes the weights to tar_core/assets/blazepose.safetensors (half floats, as in the tflite file) and the reference of
the tests to tests/data/blazepose_reference.npz: crops of the video and the outputs of the tflite interpreter for them.
The committed reference is of Demo_SinglePerson/videos/cam01.mp4 of pose2sim 0.10.49 (BSD-3).
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from torch import nn

from scripts.assets.conversion import run_conversion
from scripts.assets.tflite_file import read_layers
from scripts.paths import REPOSITORY
from tar_core.camera.crop import Crop, crop_from_alignment, crop_from_box
from tar_core.model.backbones.blazepose import BlazePose

PACKAGE = "@mediapipe/pose@0.5.1675469404"
FILE = "pose_landmark_heavy.tflite"
LANDMARKS, SCORE, HEATMAP, WORLD = "Identity", "Identity_1", "Identity_3", "Identity_4"
WEIGHTS = REPOSITORY / "tar_core/assets/blazepose.safetensors"
REFERENCE = REPOSITORY / "tests/data/blazepose_reference.npz"
REFERENCE_FRAMES = (5, 35, 60, 90)


def convolutions_in_file_order(model: BlazePose) -> Iterator[nn.Conv2d]:
    """Yield the model's convolutions in the order of the tflite file.

    In the file, the branches of a pyramid level follow the first convolution of the next stage.
    """

    def convolutions(module: nn.Module) -> Iterator[nn.Conv2d]:
        return (part for part in module.modules() if isinstance(part, nn.Conv2d))

    encoder, decoder, landmark_encoder = model.encoder, model.decoder, model.landmark_encoder
    yield from (encoder.stem, encoder.stem_depthwise, encoder.stem_project)
    branches: list[nn.Module] = []
    for level, stage in enumerate((encoder.stride4, encoder.stride8, encoder.stride16, encoder.stride32)):
        opening, *rest = convolutions(stage)
        yield opening
        for branch in branches:
            yield from convolutions(branch)
        yield from rest
        branches = [decoder.laterals[level]]
        if level > 0:
            branches.append(landmark_encoder.laterals[level - 1])
    yield from (encoder.last_expand, encoder.last_depthwise)
    yield from convolutions(decoder.laterals[3])
    for level, stage in enumerate(landmark_encoder.stages):
        yield from convolutions(stage)
        if level == 2:
            yield from convolutions(landmark_encoder.laterals[2])
    yield from (model.landmark_head, model.world_head, model.score_head)


def convert(tflite: bytes) -> dict[str, torch.Tensor]:
    """Convert a tflite file to the state of `BlazePose` in half floats."""
    model = BlazePose().half()
    pairs = zip(convolutions_in_file_order(model), read_layers(tflite, [LANDMARKS, SCORE, WORLD]), strict=True)
    for target, source in pairs:
        assert target.weight.shape == source.weight.shape and target.bias is not None
        target.weight.data = torch.from_numpy(source.weight.copy())
        target.bias.data = torch.from_numpy(source.bias.copy())
    return model.state_dict()


class Reference:
    """The tflite interpreter on the original file."""

    def __init__(self, tflite: bytes) -> None:
        # All tensors are preserved because the local map is not an output of the file.
        self.interpreter = Interpreter(
            model_content=tflite,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self.interpreter.allocate_tensors()

    def __call__(self, crop: np.ndarray) -> dict[str, np.ndarray]:
        """Run the network on an RGB uint8 crop [256, 256, 3] and return its outputs and samples of the local map."""
        interpreter = self.interpreter
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crop[None] / np.float32(255))
        interpreter.invoke()
        outputs = {item["name"]: interpreter.get_tensor(item["index"])[0] for item in interpreter.get_output_details()}
        (heatmap,) = (op for op in interpreter._get_ops_details() if op["outputs"][0] == self._index(HEATMAP))
        local_map = interpreter.get_tensor(heatmap["inputs"][0])[0]
        landmarks = outputs[LANDMARKS].reshape(39, 5)
        return {
            "landmarks": landmarks,
            "world": outputs[WORLD].reshape(39, 3),
            "score": outputs[SCORE][0],
            "map_samples": local_map[::9, ::9],
            "map_mean": local_map.mean((0, 1)),
            "map_std": local_map.std((0, 1)),
        }

    def _index(self, name: str) -> int:
        return next(item["index"] for item in self.interpreter.get_output_details() if item["name"] == name)


def follow_person(frame: np.ndarray, reference: Reference) -> Crop:
    """Find MediaPipe's crop of the only person in a frame, starting from the whole frame."""
    height, width = frame.shape[:2]
    crop = crop_from_box((0, 0, width, height), margin=1.0)
    for _ in range(4):
        points = reference(crop.cut(frame))["landmarks"][33:35, :2] - 0.5
        crop = crop_from_alignment(*crop.to_image(points))
    return crop


def make_reference(tflite: bytes, video: Path) -> dict[str, np.ndarray]:
    """JPEG crops of some frames, and the outputs for the decoded JPEGs, stacked over the crops."""
    reference = Reference(tflite)
    capture = cv2.VideoCapture(str(video))
    outputs, jpegs = [], {}
    for number, frame_number in enumerate(REFERENCE_FRAMES):
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame_number)
        found, frame = capture.read()
        assert found, f"{video} has no frame {frame_number}"
        image = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        crop = follow_person(image, reference).cut(image)
        jpegs[f"jpeg_{number}"] = cv2.imencode(".jpg", crop[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        decoded = cv2.imdecode(jpegs[f"jpeg_{number}"], cv2.IMREAD_COLOR)[..., ::-1]
        outputs.append(reference(decoded))
    return {**{name: np.stack([output[name] for output in outputs]) for name in outputs[0]}, **jpegs}


if __name__ == "__main__":
    run_conversion(__doc__, PACKAGE, FILE, WEIGHTS, REFERENCE, convert, make_reference)
