"""Reading the convolutions of a TensorFlow Lite file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

CONVOLUTIONS = (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D)
HALF = schema.TensorType.FLOAT16


@dataclass
class Convolution:
    """A convolution in PyTorch's layout: weight [out, in, height, width] and bias [out], half floats."""

    weight: np.ndarray
    bias: np.ndarray


def read_convolutions(data: bytes, outputs: Sequence[str]) -> list[Convolution]:
    """Read the convolutions that some outputs depend on, in the order of the file (each after its inputs).

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
    convolutions = []
    for op in reversed(graph.operators):
        if needed.isdisjoint(op.outputs):
            continue
        needed.update(op.inputs)
        code = codes[op.opcodeIndex]
        if code in CONVOLUTIONS:
            weight = constant(op.inputs[1])
            is_depthwise = code == schema.BuiltinOperator.DEPTHWISE_CONV_2D
            weight = weight.transpose((3, 0, 1, 2) if is_depthwise else (0, 3, 1, 2))
            convolutions.append(Convolution(weight, constant(op.inputs[2])))
    return convolutions[::-1]
