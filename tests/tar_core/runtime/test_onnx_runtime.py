"""Both runtimes on the same inputs."""

import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar
from tar_core.model.config import TAR_S, TARConfig
from tar_core.model.weights import read_checkpoint
from tar_core.runtime.example_inputs import example_inputs
from tar_core.runtime.graphs import BACKBONE, DECODE, DETECTOR, ENCODE, FACES, GRAPHS, HANDS, KEYPOINTS, Graph
from tar_core.runtime.onnx_runtime import (
    CALIBRATION,
    OnnxRuntime,
    available_devices,
    exported,
    is_exported,
    read_graph_weights,
)
from tar_core.runtime.torch_runtime import TorchRuntime
from tests.support.paths import DATA, REPOSITORY

# Largest differences, in the units of the outputs: pixels, meters, radians.
LIMITS = {
    "points": 1e-3,
    "hand_points": 2e-3,
    "face_points": 2e-3,
    "world": 5e-5,
    "trans": 5e-5,
    "poses": 1e-4,
    "local_map": 2e-3,
    "vector": 2e-4,
}
REFERENCE = np.load(DATA / "movenet_reference.npz")


@pytest.fixture(scope="module")
def onnx() -> OnnxRuntime:
    return OnnxRuntime(read_checkpoint())


@pytest.fixture(scope="module")
def torch_runtime() -> TorchRuntime:
    return TorchRuntime(load_tar())


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    """Real crops [7, 256, 256, 3]."""
    jpegs = [REFERENCE[f"jpeg_{number}"] for number in range(7)]
    return np.stack([cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs])


def assert_equal(onnx: OnnxRuntime, torch_runtime: TorchRuntime, graph: Graph, inputs: dict[str, np.ndarray]) -> None:
    pairs = zip(graph.outputs, onnx.run(graph, **inputs), torch_runtime.run(graph, **inputs), strict=True)
    for name, ours, expected in pairs:
        expected = np.asarray(expected)  # maps stay tensors
        assert ours.shape == expected.shape and ours.dtype == expected.dtype
        np.testing.assert_allclose(ours, expected, atol=LIMITS.get(name, 1e-4), rtol=0, err_msg=name)


@pytest.mark.parametrize(("frames", "windows"), [(1, 1), (3, 1), (24, 16)])
@pytest.mark.parametrize("graph", [ENCODE, DECODE], ids=lambda graph: graph.name)
def test_tar_equals_pytorch_for_any_number_of_frames(
    graph: Graph, frames: int, windows: int, onnx: OnnxRuntime, torch_runtime: TorchRuntime
) -> None:
    assert_equal(onnx, torch_runtime, graph, example_inputs(graph, onnx.config, frames, windows))


@pytest.mark.parametrize("graph", [BACKBONE, KEYPOINTS], ids=lambda graph: graph.name)
def test_networks_on_crops_equal_pytorch(
    graph: Graph, onnx: OnnxRuntime, torch_runtime: TorchRuntime, crops: np.ndarray
) -> None:
    # Without crop 3: the network amplifies rounding errors there, and PyTorch in single precision is 0.013 pixels off.
    for batch in (crops[:1], crops[[1, 2, 4, 6]]):
        assert_equal(onnx, torch_runtime, graph, {"crops": batch})


def test_detector_equals_pytorch(onnx: OnnxRuntime, torch_runtime: TorchRuntime, crops: np.ndarray) -> None:
    images = np.stack([cv2.resize(crop, (300, 300)) for crop in crops[:2]])
    for batch in (images[:1], images):
        assert_equal(onnx, torch_runtime, DETECTOR, {"images": batch})


def test_hands_equal_pytorch(onnx: OnnxRuntime, torch_runtime: TorchRuntime, crops: np.ndarray) -> None:
    hands = np.stack([cv2.resize(crop, (224, 224)) for crop in crops[:3]])
    for batch in (hands[:1], hands):
        assert_equal(onnx, torch_runtime, HANDS, {"hand_crops": batch})


def test_faces_equal_pytorch(onnx: OnnxRuntime, torch_runtime: TorchRuntime, crops: np.ndarray) -> None:
    faces = np.stack([cv2.resize(crop, (192, 192)) for crop in crops[:3]])
    for batch in (faces[:1], faces):
        assert_equal(onnx, torch_runtime, FACES, {"face_crops": batch})


def test_windows_of_every_second_frame(onnx: OnnxRuntime, torch_runtime: TorchRuntime) -> None:
    inputs = example_inputs(DECODE, onnx.config, 20, 4) | {"stride": np.array(2)}
    assert_equal(onnx, torch_runtime, DECODE, inputs)


def test_graphs_need_all_weights_and_no_others() -> None:
    """Otherwise weights of another network could go unnoticed."""
    needed = {name for graph in (ENCODE, DECODE) for name in exported().weights[graph.name]}
    assert needed == set(read_graph_weights(DECODE, read_checkpoint()))
    for graph in (BACKBONE, DETECTOR, KEYPOINTS, HANDS, FACES):
        assert set(exported().weights[graph.name]) == set(read_graph_weights(graph, read_checkpoint()))
    assert len(exported().weights) == len(GRAPHS)


def test_calibration_comes_from_the_checkpoint() -> None:
    checkpoint = read_checkpoint()
    twice = replace(checkpoint.config, joint_error_calibration=(np.log(2.0), 1.0))
    once = replace(checkpoint.config, joint_error_calibration=(0.0, 1.0))
    inputs = example_inputs(DECODE, checkpoint.config, 3, 1)
    larger, errors = (OnnxRuntime(replace(checkpoint, config=c)).run(DECODE, **inputs)[-1] for c in (twice, once))
    np.testing.assert_allclose(larger, 2 * errors, rtol=1e-5)
    assert CALIBRATION not in checkpoint.weights


def test_only_networks_with_the_exported_configuration_are_exported() -> None:
    assert is_exported(read_checkpoint().config)
    assert is_exported(replace(TAR_S, joint_error_calibration=(0.5, 2.0), dropout=0.3))
    assert not is_exported(replace(TAR_S, iterations=3))
    assert not is_exported(TARConfig(backbone="hrnet_w48", vector_size=2048, map_channels=256))


def test_weights_of_another_shape_are_refused() -> None:
    checkpoint = read_checkpoint()
    name = next(iter(exported().weights[ENCODE.name]))
    wrong = replace(checkpoint, weights=checkpoint.weights | {name: np.zeros((3, 5), np.float32)})
    missing = replace(checkpoint, weights={n: a for n, a in checkpoint.weights.items() if n != name})
    for damaged in (wrong, missing):
        with pytest.raises(TarError, match="do not fit"):
            OnnxRuntime(damaged).run(ENCODE, **example_inputs(ENCODE, checkpoint.config))


@pytest.mark.parametrize("device", available_devices())
def test_other_devices_agree_with_the_cpu(device: str) -> None:
    """Runs with builds of ONNX Runtime for other devices, such as onnxruntime-openvino."""
    runtime, cpu = OnnxRuntime(read_checkpoint(), device=device), OnnxRuntime(read_checkpoint())
    for graph in GRAPHS:
        inputs = example_inputs(graph, cpu.config)
        for ours, theirs in zip(runtime.run(graph, **inputs), cpu.run(graph, **inputs), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-2 * np.abs(theirs).max())
    assert runtime.device == device


def test_a_device_that_fails_is_replaced_by_the_cpu(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider that this build of ONNX Runtime does not have."""
    runtime = OnnxRuntime(read_checkpoint(), device="directml")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ONNX Runtime
        boxes, _ = runtime.run(DETECTOR, **example_inputs(DETECTOR, runtime.config, 1))
    assert runtime.device == "cpu" and boxes.shape[0] == 1
    assert caplog.messages == ["the device directml cannot run the network detector; the CPU is used instead"]


def test_nothing_is_reported_or_kept_in_the_folders_of_the_user(tmp_path: Path) -> None:
    """ONNX Runtime reports its use to its maker unless that is switched off before it is imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "CI", "XDG_", "GITHUB_"))}
    environment = {**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    program = "import tar_core.runtime.onnx_runtime"
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, check=True)
    assert not list(tmp_path.rglob("*"))
