"""Reading the convolutions, fully connected layers and slopes of a TensorFlow Lite file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

# The axes of the weights in PyTorch's order.
LAYERS = {
    schema.BuiltinOperator.CONV_2D: (0, 3, 1, 2),
    schema.BuiltinOperator.DEPTHWISE_CONV_2D: (3, 0, 1, 2),
    schema.BuiltinOperator.FULLY_CONNECTED: (0, 1),
}
HALF = schema.TensorType.FLOAT16


@dataclass
class Layer:
    """A layer in PyTorch's layout: weight [out, in, height, width] or [out, in], and bias [out], half floats.

    The slopes of a PReLU are the weight [out] of a layer with an empty bias.
    """

    weight: np.ndarray
    bias: np.ndarray


def read_layers(data: bytes, outputs: Sequence[str]) -> list[Layer]:
    """Read the layers that some outputs depend on, in the order of the file (each after its inputs).

    Args:
        data: contents of the file: one graph whose weights are half floats, converted by DEQUANTIZE operators.
        outputs: names of outputs of the graph.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    graph = model.subgraphs[0]
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    stored_as = {
        op.outputs[0]: op.inputs[0]
        for op in graph.operators
        if codes[op.opcodeIndex] == schema.BuiltinOperator.DEQUANTIZE
    }

    def constant(tensor_index: int) -> np.ndarray:
        tensor = graph.tensors[stored_as[tensor_index]]
        assert tensor.type == HALF, "the weights must be half floats"
        return np.frombuffer(model.buffers[tensor.buffer].data.tobytes(), np.float16).reshape(tensor.shape)

    needed = {index for index in graph.outputs if graph.tensors[index].name.decode() in outputs}
    assert len(needed) == len(outputs), f"the file has no outputs {outputs}"
    layers = []
    for op in reversed(graph.operators):
        if needed.isdisjoint(op.outputs):
            continue
        needed.update(op.inputs)
        code = codes[op.opcodeIndex]
        if code == schema.BuiltinOperator.PRELU:
            layers.append(Layer(constant(op.inputs[1]).reshape(-1), np.zeros(0, np.float16)))
        if code in LAYERS:
            weight = constant(op.inputs[1]).transpose(LAYERS[code])
            layers.append(Layer(weight, constant(op.inputs[2])))
    return layers[::-1]
