"""Running the networks on ONNX Runtime, without PyTorch.

The graphs were exported by `export.py` and hold no weights; these come from the same files as PyTorch's.
"""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

from tar_core.arrays import Array
from tar_core.errors import TarError
from tar_core.files import ASSETS
from tar_core.model.config import TARConfig
from tar_core.model.weights import Checkpoint, own_backbone, read_weights
from tar_core.runtime.graphs import BACKBONE, DECODE, DETECTOR, ENCODE, FACES, GRAPHS, HANDS, KEYPOINTS, Graph, Runtime

logger = logging.getLogger(__name__)

onnxruntime.disable_telemetry_events()  # on Windows, where all versions have telemetry and no variable disables it

GRAPH_FOLDER = ASSETS / "graphs"
MAX_LANES = 2  # crops that the backbone processes at the same time
WEIGHT_PREFIX = "network."  # of the names of weights in the graphs
CALIBRATION = "refinement.joint_errors.calibration"  # a weight that is stored in the configuration
# Execution providers of ONNX Runtime. Each is in some of its builds only: Core ML in that for Macs, DirectML in the
# package onnxruntime-directml for Windows, CUDA in onnxruntime-gpu, OpenVINO in onnxruntime-openvino.
PROVIDERS = {
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
# Files of the networks that come with the package; the weights of the other graphs are in the checkpoint.
_WEIGHT_FILES = {
    BACKBONE.name: "blazepose.safetensors",
    DETECTOR.name: "ssd_person.safetensors",
    KEYPOINTS.name: "movenet.safetensors",
    HANDS.name: "hand_landmarks.safetensors",
    FACES.name: "face_landmarks.safetensors",
}


class OnnxRuntime(Runtime):
    """Runs the graphs on ONNX Runtime.

    Large graphs run on the device. Those of many small operations run on the CPU, where they are faster.

    Args:
        checkpoint: TAR with the configuration of the exported graphs, see `is_exported`.
        threads: number of threads on the CPU of the graphs that look at pictures.
        device: "cpu" or one of `available_devices`.
    """

    def __init__(self, checkpoint: Checkpoint, threads: int = 1, device: str = "cpu") -> None:
        self.config = checkpoint.config
        self.device = device
        self._checkpoint, self._threads = checkpoint, threads
        self._locks = {graph.name: threading.Lock() for graph in GRAPHS}
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}
        self._lanes = ThreadPoolExecutor(min(threads, MAX_LANES), "backbone")

    def run(self, graph: Graph, **inputs: Array) -> list[Array]:
        session = self._session(graph)
        if graph is BACKBONE and self.device == "cpu":
            return self._run_in_lanes(session, inputs["crops"])
        outputs: list[np.ndarray] = session.run(None, {name: inputs[name] for name in graph.inputs})
        return outputs

    def _run_in_lanes(self, session: onnxruntime.InferenceSession, crops: np.ndarray) -> list[np.ndarray]:
        """Run the backbone on single crops in several threads. Threads that share a crop wait for each other."""
        parts = self._lanes.map(lambda crop: session.run(None, {"crops": crop[None]}), crops)
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def prepare(self, *graphs: Graph) -> None:
        def load() -> None:
            for graph in graphs:
                with suppress(TarError, MemoryError):  # raised again when the graph is run
                    self._session(graph)

        # No daemon, so that Python waits for it at the end; ONNX Runtime crashes if it is interrupted.
        threading.Thread(target=load, name=f"load {graphs[0].name}").start()

    @property
    def version(self) -> str:
        return f"ONNX Runtime {onnxruntime.__version__}"

    def _session(self, graph: Graph) -> onnxruntime.InferenceSession:
        with self._locks[graph.name]:
            if graph.name not in self._sessions:
                self._sessions[graph.name] = self._create_session(graph)
            return self._sessions[graph.name]

    def _create_session(self, graph: Graph) -> onnxruntime.InferenceSession:
        """Create the session of a graph. If the device cannot run it, everything runs on the CPU from now on."""
        threads = self._threads
        if graph is BACKBONE:
            threads = max(1, threads - MAX_LANES + 1)  # each lane is a thread, and the rest help both
        elif graph in (DETECTOR, ENCODE, DECODE):
            threads = 1  # they run beside the backbone
        if self.device != "cpu" and graph not in (ENCODE, DECODE):
            provider = PROVIDERS[self.device]
            with suppress(TarError):
                session = create_session(graph, self._checkpoint, threads, provider)
                if session.get_providers()[0] == provider:
                    return session
            logger.warning(f"the device {self.device} cannot run the network {graph.name}; the CPU is used instead")
            self.device = "cpu"
        return create_session(graph, self._checkpoint, threads)


def available_devices() -> list[str]:
    """The devices other than the CPU that the installed build of ONNX Runtime supports."""
    return [device for device, provider in PROVIDERS.items() if provider in onnxruntime.get_available_providers()]


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes:
        config: configuration of TAR.
        weights: for each graph, the names and shapes of its weights in the safetensors file.
    """

    config: TARConfig
    weights: dict[str, dict[str, list[int]]]


@cache
def exported() -> Exported:
    """Read what was exported."""
    fields = json.loads((GRAPH_FOLDER / "exported.json").read_text())
    return Exported(TARConfig.from_dict(fields["config"]), fields["weights"])


def is_exported(config: TARConfig) -> bool:
    """Whether the graphs are those of a network with this configuration."""
    return without_effect_on_graphs(config) == without_effect_on_graphs(exported().config)


def without_effect_on_graphs(config: TARConfig) -> TARConfig:
    """The configuration with fixed values for what the graphs do not depend on."""
    return replace(config, joint_error_calibration=(0.0, 1.0), dropout=0.0)


def graph_file(graph: Graph) -> Path:
    """The file of a graph."""
    return GRAPH_FOLDER / f"{graph.name}.onnx"


def read_graph_weights(graph: Graph, checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    """Read the weights of a graph's network by name.

    Raises:
        TarError: a file is missing or damaged.
    """
    if graph.name in _WEIGHT_FILES:
        own = own_backbone(checkpoint) if graph is BACKBONE else None
        return read_weights(own, _WEIGHT_FILES[graph.name])
    return {**checkpoint.weights, CALIBRATION: np.array(checkpoint.config.joint_error_calibration, np.float32)}


def create_session(
    graph: Graph, checkpoint: Checkpoint, threads: int, provider: str | None = None
) -> onnxruntime.InferenceSession:
    """Create a session for a graph, with its weights in single precision.

    Args:
        provider: ONNX Runtime's name of the provider that runs what it can of the graph; the CPU runs the rest.

    Raises:
        TarError: a file of the package is missing, or the weights do not belong to the graph.
    """
    weights = read_graph_weights(graph, checkpoint)
    shapes = exported().weights[graph.name]
    if any(name not in weights or list(weights[name].shape) != shape for name, shape in shapes.items()):
        raise TarError("the weights do not fit this version of TAR; use a checkpoint of this version")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised anyway
    if graph is DECODE:
        # Its thousands of small operations take longer to optimize than they gain in a short clip.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Idle threads would wait in a busy loop, and take the processor from decoding and tracking.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = {name: np.ascontiguousarray(weights[name], np.float32) for name in shapes}
    options.add_external_initializers(
        [WEIGHT_PREFIX + name for name in values], list(map(onnxruntime.OrtValue.ortvalue_from_numpy, values.values()))
    )
    try:
        providers = [provider, "CPUExecutionProvider"] if provider else ["CPUExecutionProvider"]
        return onnxruntime.InferenceSession(graph_file(graph), options, providers=providers)
    except Exception as error:  # ONNX Runtime has many classes of errors
        if "bad_alloc" in str(error):
            raise MemoryError from error
        raise TarError(f"{graph_file(graph)}: cannot be loaded ({error}); reinstall the package") from error
