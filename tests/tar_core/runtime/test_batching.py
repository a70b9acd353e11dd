"""Calls of several threads that run together."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tar_core.arrays import Array
from tar_core.errors import TarError
from tar_core.model.checkpoint import load_tar
from tar_core.runtime.batching import BatchingRuntime
from tar_core.runtime.example_inputs import example_inputs
from tar_core.runtime.graphs import BACKBONE, DECODE, DECODE_TRACKS, DETECTOR, ENCODE, GRAPHS, HANDS, Graph, Runtime
from tar_core.runtime.torch_runtime import TorchRuntime

# Largest differences, in the units of the outputs, as for the other runtime.
LIMITS = {"local_map": 2e-3, "points": 1e-3, "hand_points": 2e-3, "face_points": 2e-3}


class Gate(Runtime):
    """Runs the first call when all others wait, and records what is run.

    Args:
        runtime: runs the calls.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.config, self.device = runtime.config, runtime.device
        self.opened, self.entered = threading.Event(), threading.Event()
        self.runs: list[tuple[str, int]] = []
        self._runtime = runtime

    version = ""

    def prepare(self, *graphs: Graph) -> None:
        raise AssertionError("not needed")

    def run(self, graph: Graph, **inputs: Array) -> list[Array]:
        self.entered.set()
        assert self.opened.wait(60)
        outputs = self._runtime.run(graph, **inputs)
        self.runs.append((graph.name, len(outputs[0])))
        return outputs


@pytest.fixture(scope="module")
def torch_runtime() -> TorchRuntime:
    return TorchRuntime(load_tar())


def run_together(gate: Gate, calls: Sequence[tuple[Graph, dict[str, np.ndarray]]], max_rows: int = 256) -> list:
    """Run the first call alone, and the others, which collect meanwhile."""
    batching = BatchingRuntime(gate, max_rows)
    with ThreadPoolExecutor(len(calls)) as threads:
        futures = [threads.submit(batching.run, calls[0][0], **calls[0][1])]
        assert gate.entered.wait(60)
        for graph, inputs in calls[1:]:
            before = len(batching._calls)
            futures.append(threads.submit(batching.run, graph, **inputs))
            while len(batching._calls) == before:
                time.sleep(0.001)
        gate.opened.set()
        return [future.result() if not future.exception() else future.exception() for future in futures]


def varied(graph: Graph, runtime: Runtime, frames: int, windows: int, stride: int = 1) -> dict[str, np.ndarray]:
    inputs = example_inputs(graph, runtime.config, frames, windows)
    inputs = {name: array[::-1].copy() if array.ndim and frames % 2 else array for name, array in inputs.items()}
    return inputs | ({"stride": np.array(stride)} if "stride" in inputs else {})


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.name)
def test_joined_calls_equal_single_ones(graph: Graph, torch_runtime: TorchRuntime) -> None:
    sizes = [(2, 1), (3, 2), (1, 1), (3, 1)]
    calls = [(graph, varied(graph, torch_runtime, *size, stride=1 + k % 2)) for k, size in enumerate(sizes)]
    gate = Gate(torch_runtime)
    results = run_together(gate, calls)
    name = DECODE_TRACKS.name if graph is DECODE else graph.name
    assert gate.runs == [(graph.name, 1 if graph is DECODE else 2), (name, 4 if graph is DECODE else 7)]
    for (_, inputs), outputs in zip(calls, results, strict=True):
        expected = torch_runtime.run(graph, **inputs)
        for output, result, wanted in zip(graph.outputs, outputs, expected, strict=True):
            assert result.shape == wanted.shape
            np.testing.assert_allclose(result, wanted, atol=LIMITS.get(output, 1e-4), rtol=0, err_msg=output)


def test_the_oldest_call_and_those_of_its_graph_are_next(torch_runtime: TorchRuntime) -> None:
    one = {graph: example_inputs(graph, torch_runtime.config, 1, 1) for graph in (ENCODE, HANDS)}
    order = [ENCODE, HANDS, ENCODE, HANDS, HANDS, ENCODE]
    gate = Gate(torch_runtime)
    run_together(gate, [(graph, one[graph]) for graph in order], max_rows=2)
    assert gate.runs == [("encode", 1), ("hands", 2), ("encode", 2), ("hands", 1)]


def test_an_error_reaches_every_thread_of_the_batch(torch_runtime: TorchRuntime) -> None:
    class Failing(Gate):
        def run(self, graph: Graph, **inputs: Array) -> list[Array]:
            super().run(graph, **inputs)
            if graph is DETECTOR:
                raise TarError("out of memory")
            return []

    calls = [(graph, example_inputs(graph, torch_runtime.config, 1, 1)) for graph in (ENCODE, DETECTOR, DETECTOR)]
    results = run_together(Failing(torch_runtime), calls)
    assert [str(result) for result in results] == ["[]", "out of memory", "out of memory"]


def test_maps_stay_tensors_and_everything_else_is_an_array(torch_runtime: TorchRuntime) -> None:
    kept = {
        name
        for graph in (BACKBONE, ENCODE, DECODE)
        for name, output in zip(
            graph.outputs,
            torch_runtime.run(graph, **example_inputs(graph, torch_runtime.config, 2, 1)),
            strict=True,
        )
        if not isinstance(output, np.ndarray)
    }
    assert kept == {"local_map", *ENCODE.outputs}
