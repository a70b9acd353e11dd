"""Export the graphs of the default network to ONNX files without weights.

    python -m tar_core.runtime.export       after a change of a network in PyTorch; needs the package onnx

The files in tar_core/assets/graphs hold the operations. The weights stay in the safetensors files, from which PyTorch
and ONNX Runtime both read them.
"""

import contextlib
import json
import sys
import tempfile
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper
from torch import nn

from tar_core.files import atomic_path
from tar_core.model.checkpoint import load_tar
from tar_core.model.tar import TAR
from tar_core.model.weights import read_checkpoint
from tar_core.runtime.example_inputs import example_inputs
from tar_core.runtime.graphs import DECODE, GRAPHS, Graph
from tar_core.runtime.onnx_runtime import GRAPH_FOLDER, WEIGHT_PREFIX, graph_file, read_graph_weights
from tar_core.runtime.torch_runtime import TorchRuntime

OPSET = 17


def export_graph(graph: Graph, runtime: TorchRuntime) -> onnx.ModelProto:
    """Export a graph.

    Returns:
        a model whose weights are external tensors without data (`external_weights`), for any number of frames.
    """
    module = runtime.module(graph)
    inputs = tuple(map(torch.from_numpy, example_inputs(graph, runtime.config).values()))
    windows = {"middles", *(DECODE.outputs if graph is DECODE else ())}
    axes = {
        name: {0: "windows" if name in windows else "frames"}
        for name in (*graph.inputs, *graph.outputs)
        if name != "stride"
    }
    weights = {WEIGHT_PREFIX + name for name in read_graph_weights(graph, read_checkpoint())}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), plain_operators():
        path = Path(folder) / "exported.onnx"
        # This exporter is deprecated, but takes seconds where the new one takes minutes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs,
            path,
            opset_version=OPSET,
            dynamo=False,
            do_constant_folding=False,  # or weights would lose their names
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes=axes,
        )
        model = onnx.load(path)
    weights_to_inputs(model, weights)
    model = simplified(model)
    inputs_to_weights(model, weights)
    return model


@contextlib.contextmanager
def plain_operators() -> Iterator[None]:
    """Run transformers and convolutions with ordinary operators, which can be exported."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.enable_grad():  # see PackedConv2d
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def calibration_as_weight(network: TAR) -> None:
    """Make the calibration of the joint errors, a constant of the configuration, a weight that the runtime provides."""
    layer = network.refinement.joint_errors
    assert layer is not None
    calibration = layer.calibration
    del layer.calibration
    layer.calibration = nn.Parameter(calibration)


def weights_to_inputs(model: onnx.ModelProto, weights: Collection[str]) -> None:
    """Make the weights inputs of the graph, so that it can be simplified without them."""
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name in weights]:
        model.graph.initializer.remove(tensor)
        model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))


def inputs_to_weights(model: onnx.ModelProto, weights: Collection[str]) -> None:
    """The reverse of `weights_to_inputs`: make the weights external tensors without data."""
    for value in [value for value in model.graph.input if value.name in weights]:
        model.graph.input.remove(value)
        kind = value.type.tensor_type
        tensor = TensorProto(name=value.name, data_type=kind.elem_type, data_location=TensorProto.EXTERNAL)
        tensor.dims.extend(axis.dim_value for axis in kind.shape.dim)
        tensor.external_data.add(key="location", value="given by the runtime")
        model.graph.initializer.append(tensor)


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same operations without constant ones and without names of where they were traced.

    The result has ONNX's own operators only, so that the graph works with other versions of ONNX Runtime.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "simplified.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        model = onnx.load(path)
    for number, node in enumerate(model.graph.node):
        node.name = str(number)  # older versions of ONNX Runtime need different names
        node.ClearField("doc_string")
    used = {node.domain for node in model.graph.node}
    for opset in [opset for opset in model.opset_import if opset.domain not in used]:
        model.opset_import.remove(opset)
    return model


def external_weights(model: onnx.ModelProto) -> dict[str, list[int]]:
    """Names and shapes of the weights that the runtime provides; the names are those of their safetensors file."""
    return {
        tensor.name.removeprefix(WEIGHT_PREFIX): list(tensor.dims)
        for tensor in model.graph.initializer
        if tensor.data_location == TensorProto.EXTERNAL
    }


def main() -> int:
    network = load_tar()
    calibration_as_weight(network)
    runtime = TorchRuntime(network)
    GRAPH_FOLDER.mkdir(exist_ok=True)
    weights = {}
    for graph in GRAPHS:
        model = export_graph(graph, runtime)
        path = graph_file(graph)
        with atomic_path(path) as temporary:
            temporary.write_bytes(model.SerializeToString(deterministic=True))
        weights[graph.name] = external_weights(model)
        print(f"{path.name}: {len(model.graph.node)} operations, {path.stat().st_size / 1e3:.0f} kB")
    fields = {"config": runtime.config.to_dict(), "weights": weights}
    with atomic_path(GRAPH_FOLDER / "exported.json") as temporary:
        temporary.write_text(json.dumps(fields) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
