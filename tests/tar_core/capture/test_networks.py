"""What runs the networks."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tar_core.capture import networks
from tar_core.capture.networks import is_usable, load_runtime, may_use_gpu
from tar_core.errors import TarError
from tar_core.model.checkpoint import build_tar, save_tar
from tar_core.model.config import TAR_S
from tar_core.runtime.graphs import BACKBONE
from tar_core.runtime.onnx_runtime import OnnxRuntime, available_devices
from tar_core.runtime.torch_runtime import TorchRuntime


def without_pytorch(name: str) -> None:
    """Replaces importlib.util.find_spec: no package is installed."""


def test_onnx_runtime_is_used_on_the_cpu() -> None:
    runtime = load_runtime("cpu")
    assert isinstance(runtime, OnnxRuntime) and runtime.device == "cpu"
    assert runtime.version.startswith("ONNX Runtime ")


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not restrict processes to cores")
@pytest.mark.parametrize(("allowed", "expected"), [({0}, 1), ({0, 3}, 2)])
def test_threads_are_limited_to_the_cores_that_the_process_may_use(
    allowed: set[int], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: allowed)
    before = threading.enumerate()
    runtime = load_runtime("cpu")  # its threads end with it
    runtime.run(BACKBONE, crops=np.zeros((3, 256, 256, 3), np.uint8))
    started = [thread for thread in threading.enumerate() if thread not in before]
    assert sum(thread.name.startswith("backbone") for thread in started) == expected


def test_automatic_device_is_usable() -> None:
    assert load_runtime("auto").device.split(":")[0] in ("cpu", "cuda", "mps")


def test_pytorch_on_the_cpu_can_be_chosen() -> None:
    runtime = load_runtime("torch:cpu")
    assert isinstance(runtime, TorchRuntime) and runtime.device == "cpu"


def test_unknown_device_is_an_error() -> None:
    with pytest.raises(TarError, match="abacus"):
        load_runtime("abacus")


def test_network_that_was_not_exported_runs_on_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = tmp_path / "mine.safetensors"
    save_tar(build_tar(replace(TAR_S, iterations=2)), checkpoint)
    assert isinstance(load_runtime("cpu", checkpoint), TorchRuntime)
    monkeypatch.setattr(networks.importlib.util, "find_spec", without_pytorch)
    with pytest.raises(TarError, match="this checkpoint needs PyTorch"):
        load_runtime("cpu", checkpoint)


def test_device_of_pytorch_without_pytorch_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(networks.importlib.util, "find_spec", without_pytorch)
    assert isinstance(load_runtime("cuda"), OnnxRuntime)
    assert caplog.messages == ["the device cuda is not available here; the CPU is used instead"]
    with pytest.raises(TarError, match="the device torch:cpu needs PyTorch"):
        load_runtime("torch:cpu")
    assert not may_use_gpu()
    assert isinstance(load_runtime("auto"), OnnxRuntime)


@pytest.mark.parametrize("device", ["coreml", "directml", "openvino", "cuda", "mps"])
def test_a_known_device_that_is_missing_is_replaced_by_the_cpu(device: str, caplog: pytest.LogCaptureFixture) -> None:
    if device in available_devices() or is_usable(device):
        pytest.skip("this machine has it")
    runtime = load_runtime(device)
    assert isinstance(runtime, OnnxRuntime) and runtime.device == "cpu"
    assert caplog.messages == [f"the device {device} is not available here; the CPU is used instead"]
