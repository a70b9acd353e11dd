"""Stage `parity`: compares the networks on the device with those on the CPU, and checks the error if memory is short.

The reference is ONNX Runtime on the CPU, with which capture runs by default. The inputs are real pictures.
"""

from functools import partial

import cv2
import numpy as np
import torch

from benchmarks.gpu.precision import BF16, FP32, TF32, computing_in, precisions
from benchmarks.gpu.runner import Row, Session
from scripts.paths import REPOSITORY
from tar_core.arrays import to_tensor
from tar_core.errors import TarError
from tar_core.files import ASSETS
from tar_core.model.checkpoint import load_tar
from tar_core.model.weights import read_checkpoint
from tar_core.runtime.example_inputs import example_inputs
from tar_core.runtime.graphs import BACKBONE, DECODE, DETECTOR, ENCODE, FACES, HANDS, KEYPOINTS, Graph
from tar_core.runtime.onnx_runtime import OnnxRuntime
from tar_core.runtime.torch_runtime import TorchRuntime

PICTURES = REPOSITORY / "tests" / "data" / "movenet_reference.npz"
# Largest differences that are allowed, by precision: of points in pixels, of the translation in meters, of rotations in
# radians, of anything else in its own unit. bfloat16 has 8 bits, too few for points in 256 pixels: it is measured only.
LIMITS = {
    FP32: {"points": 0.02, "hand_points": 0.02, "face_points": 0.02, "trans": 1e-3, "poses": 1e-3},
    TF32: {"points": 1.0, "hand_points": 1.0, "face_points": 1.0, "trans": 0.02, "poses": 0.02},
}
# The output of each graph that is compared.
COMPARED = {
    BACKBONE.name: "points",
    DETECTOR.name: "scores",
    KEYPOINTS.name: "points",
    HANDS.name: "hand_points",
    FACES.name: "face_points",
    ENCODE.name: "embedded",
    DECODE.name: "poses",
}
_WEIGHTS = {DETECTOR.name: "ssd_person.safetensors", KEYPOINTS.name: "movenet.safetensors"}
_OTHER = {FP32: 1e-3, TF32: 0.03}
PICTURE_COUNT = 6
_PICTURE = 3  # in this picture, the networks amplify rounding errors


def run(session: Session) -> None:
    """Compare all graphs in all precisions, and provoke an error."""
    runtime = TorchRuntime(load_tar(device=session.device))
    reference = OnnxRuntime(read_checkpoint(), torch.get_num_threads())
    count = 1 if session.is_small else PICTURE_COUNT
    for precision in precisions(session.device):
        for graph in (BACKBONE, DETECTOR, KEYPOINTS, HANDS, FACES, ENCODE, DECODE):
            if (ASSETS / _WEIGHTS.get(graph.name, "tar_s.safetensors")).is_file():
                session.measure(
                    f"{graph.name} {precision}", partial(compare, graph, precision, reference, runtime, count)
                )
    session.measure("out of memory", partial(out_of_memory, runtime))
    wrong = [name for name, row in session.results()["parity"].items() if row.get("equal") is False]
    if wrong:
        raise TarError(f"not equal to the CPU: {', '.join(wrong)}")


def compare(graph: Graph, precision: str, reference: OnnxRuntime, runtime: TorchRuntime, count: int = 3) -> Row:
    """The largest difference of an output between the device and the CPU."""
    inputs = inputs_of(graph, runtime, count)
    output = COMPARED[graph.name]
    index = graph.outputs.index(output)
    expected = reference.run(graph, **inputs)[index]
    with computing_in(precision, runtime.device), torch.inference_mode():
        if precision == BF16:  # capture does not use it, so the runtime does not support it
            outputs = runtime.module(graph)(*(to_tensor(inputs[name], runtime.device) for name in graph.inputs))
        else:
            outputs = runtime.run(graph, **inputs)
        result = torch.as_tensor(outputs[index]).float().cpu().numpy()
    difference = float(np.abs(result - expected).max())
    row: Row = {"output": output, "difference": difference}
    if precision != BF16:
        limit = LIMITS[precision].get(output, _OTHER[precision])
        row |= {"limit": limit, "equal": difference <= limit}
    return row


def inputs_of(graph: Graph, runtime: TorchRuntime, count: int) -> dict[str, np.ndarray]:
    """Real pictures as the input of a graph that looks at them; random features for the others."""
    inputs = example_inputs(graph, runtime.config, frames=max(3, count))
    if graph in (ENCODE, DECODE):
        return inputs
    (name,) = graph.inputs
    side = inputs[name].shape[1]
    with np.load(PICTURES) as data:
        jpegs = [data[f"jpeg_{number}"] for number in range(7) if number != _PICTURE][:count]
    pictures = [cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1] for jpeg in jpegs]
    return {name: np.stack([cv2.resize(np.ascontiguousarray(picture), (side, side)) for picture in pictures])}


def out_of_memory(runtime: TorchRuntime) -> Row:
    """The message if a GPU has not enough memory, which is limited for this."""
    if torch.device(runtime.device).type != "cuda":
        return {"message": "not measured: no GPU"}
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(0.01)
    try:
        runtime.run(BACKBONE, crops=np.zeros((4096, 256, 256, 3), np.uint8))
    except TarError as error:
        return {"message": str(error), "equal": "is out of memory" in str(error)}
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()
    return {"message": "none", "equal": False}
