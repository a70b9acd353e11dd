"""Joins the calls of several threads to a runtime into batches, since a GPU is fast with large batches only."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from tar_core.arrays import Array, concatenate
from tar_core.runtime.graphs import DECODE, DECODE_TRACKS, Graph, Runtime

MAX_ROWS = 256  # crops, frames or windows in a batch


@dataclass(eq=False)
class _Call:
    """What a thread asks for.

    Attributes:
        graph, inputs: as in `Runtime.run`.
        rows: crops, frames or windows that are asked for.
        result: the outputs, once they are computed.
    """

    graph: Graph
    inputs: dict[str, Array]
    rows: int
    result: Future[list[Array]] = field(default_factory=Future)


class BatchingRuntime(Runtime):
    """Runs the calls of several threads together.

    While one batch runs, the calls of the other threads are collected for the next one. So the batches grow with the
    number of threads, no call waits for a timeout, and a single thread is as fast as without this class.

    Args:
        runtime: runs the batches; it needs DECODE_TRACKS.
        max_rows: of a batch; single calls may be larger.
    """

    def __init__(self, runtime: Runtime, max_rows: int = MAX_ROWS) -> None:
        self.config, self.device = runtime.config, runtime.device
        self._runtime, self._max_rows = runtime, max_rows
        self._calls: list[_Call] = []  # those that wait, the oldest first
        self._calls_lock, self._turn = threading.Lock(), threading.Lock()

    def run(self, graph: Graph, **inputs: Array) -> list[Array]:
        call = _Call(graph, inputs, len(inputs["middles" if graph is DECODE else graph.inputs[0]]))
        with self._calls_lock:
            self._calls.append(call)
        while not call.result.done():
            with self._turn:  # the thread that gets the turn runs a batch for all
                if not call.result.done():
                    self._run_batch(self._next_batch())
        return call.result.result()

    def prepare(self, *graphs: Graph) -> None:
        self._runtime.prepare(*graphs)

    @property
    def version(self) -> str:
        return self._runtime.version

    def _next_batch(self) -> list[_Call]:
        """Take the oldest call, and as many of the same graph as fit into a batch."""
        with self._calls_lock:
            graph, rows = self._calls[0].graph, 0
            batch: list[_Call] = []
            for call in [call for call in self._calls if call.graph is graph]:
                if batch and rows + call.rows > self._max_rows:
                    break
                batch.append(call)
                rows += call.rows
                self._calls.remove(call)
            return batch

    def _run_batch(self, batch: Sequence[_Call]) -> None:
        try:
            if len(batch) == 1:
                batch[0].result.set_result(self._runtime.run(batch[0].graph, **batch[0].inputs))
                return
            graph, inputs = joined(batch[0].graph, [call.inputs for call in batch])
            outputs = self._runtime.run(graph, **inputs)
        except BaseException as error:  # every thread that waits gets it
            for call in batch:
                call.result.set_exception(error)
            return
        end = 0
        for call in batch:
            start, end = end, end + call.rows
            call.result.set_result([output[start:end] for output in outputs])


def joined(graph: Graph, calls: Sequence[dict[str, Array]]) -> tuple[Graph, dict[str, Array]]:
    """Join the inputs of several calls of a graph along their first axis. The outputs are joined likewise.

    Returns:
        The graph to run, and its inputs.
    """
    names = [name for name in graph.inputs if name not in ("middles", "stride")]
    inputs = {name: concatenate([call[name] for call in calls]) for name in names}
    if graph is not DECODE:
        return graph, inputs
    windows = [len(call["middles"]) for call in calls]
    lengths = np.array([len(call["embedded"]) for call in calls])
    starts = np.cumsum(lengths) - lengths
    inputs["middles"] = np.concatenate([call["middles"] + start for call, start in zip(calls, starts, strict=True)])
    inputs["stride"] = np.repeat([int(call["stride"]) for call in calls], windows)[:, None]
    inputs["first"] = np.repeat(starts, windows)
    inputs["last"] = np.repeat(starts + lengths - 1, windows)
    return DECODE_TRACKS, inputs
