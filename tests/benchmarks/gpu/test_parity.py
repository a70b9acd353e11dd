"""Whether the networks are found equal or not."""

import pytest
import torch

from benchmarks.gpu.parity import compare
from benchmarks.gpu.precision import BF16, FP32
from tar_core.model.checkpoint import load_tar
from tar_core.model.weights import read_checkpoint
from tar_core.runtime.graphs import DECODE, ENCODE
from tar_core.runtime.onnx_runtime import OnnxRuntime
from tar_core.runtime.torch_runtime import TorchRuntime


@pytest.fixture(scope="module")
def reference() -> OnnxRuntime:
    return OnnxRuntime(read_checkpoint())


def test_the_same_network_is_equal(reference):
    row = compare(DECODE, FP32, reference, TorchRuntime(load_tar()))
    assert row["equal"] and row["output"] == "poses" and row["difference"] < 1e-4


def test_another_network_is_not(reference):
    network = load_tar()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.1)
    row = compare(ENCODE, FP32, reference, TorchRuntime(network))
    assert not row["equal"] and row["difference"] > row["limit"]


def test_bfloat16_is_measured_but_has_no_limit(reference):
    row = compare(ENCODE, BF16, reference, TorchRuntime(load_tar()))
    assert 1e-4 < row["difference"] < 0.1 and "equal" not in row
