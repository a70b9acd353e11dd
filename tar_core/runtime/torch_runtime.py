"""Running the networks on PyTorch: on a GPU, and for networks without exported graphs."""

import threading
from collections.abc import Callable

import torch
from torch import nn

from tar_core.arrays import Array, to_tensor
from tar_core.errors import TarError
from tar_core.model.backbones.blazepose import BlazePose, load_blazepose
from tar_core.model.convolution import pack_convolutions
from tar_core.model.face_network import load_face_landmarks
from tar_core.model.hand_network import load_hand_landmarks
from tar_core.model.movenet import load_movenet
from tar_core.model.person_detector import load_detector
from tar_core.model.tar import TAR
from tar_core.runtime.graphs import (
    BACKBONE,
    DECODE,
    DECODE_TRACKS,
    DETECTOR,
    ENCODE,
    FACES,
    FEATURES,
    HANDS,
    KEYPOINTS,
    PYTORCH,
    Graph,
    Runtime,
)
from tar_core.runtime.modules import (
    BackboneGraph,
    DecodeGraph,
    DetectorGraph,
    EncodeGraph,
    FacesGraph,
    FeaturesGraph,
    HandsGraph,
    KeypointsGraph,
)

# Outputs that stay on the device: they are large, and only inputs of other graphs.
KEPT = ("local_map", *ENCODE.outputs)


class TorchRuntime(Runtime):
    """Runs the graphs on PyTorch.

    Args:
        network: TAR, on the device on which everything runs, in evaluation mode.
        backbone: of the network, in evaluation mode, if it is not the BlazePose that comes with the package.
    """

    def __init__(self, network: TAR, backbone: nn.Module | None = None) -> None:
        self.config = network.config
        self._device = next(network.parameters()).device
        self.device = str(self._device)
        self._lock = threading.Lock()
        self._modules: dict[str, nn.Module] = {}
        blazepose = backbone if isinstance(backbone, BlazePose) else None
        self._builders: dict[str, Callable[[], nn.Module]] = {
            BACKBONE.name: lambda: BackboneGraph(pack_convolutions(blazepose or load_blazepose())),
            DETECTOR.name: lambda: DetectorGraph(pack_convolutions(load_detector())),
            KEYPOINTS.name: lambda: KeypointsGraph(pack_convolutions(load_movenet())),
            HANDS.name: lambda: HandsGraph(pack_convolutions(load_hand_landmarks())),
            FACES.name: lambda: FacesGraph(pack_convolutions(load_face_landmarks())),
            ENCODE.name: lambda: EncodeGraph(network),
            DECODE.name: lambda: DecodeGraph(network),
            DECODE_TRACKS.name: lambda: DecodeGraph(network),
        }
        if backbone is not None and blazepose is None:
            self._builders[FEATURES.name] = lambda: FeaturesGraph(backbone)

    def prepare(self, *graphs: Graph) -> None:
        """Do nothing; a graph is loaded when it is first used."""

    @torch.inference_mode()
    def run(self, graph: Graph, **inputs: Array) -> list[Array]:
        module = self.module(graph)
        try:
            outputs = module(*(to_tensor(inputs[name], self._device) for name in graph.inputs))
            named = zip(graph.outputs, outputs, strict=True)
            return [output if name in KEPT else output.cpu().numpy() for name, output in named]
        except torch.OutOfMemoryError:
            raise TarError(f"{self.device} is out of memory; close other programs, or use the CPU") from None

    @property
    def version(self) -> str:
        return f"PyTorch {torch.__version__}"

    def module(self, graph: Graph) -> nn.Module:
        """The module of a graph, in evaluation mode on the device."""
        with self._lock:
            if graph.name not in self._modules:
                self._modules[graph.name] = self._builders[graph.name]().to(self._device).eval()
            return self._modules[graph.name]


def choose_device(name: str) -> torch.device:
    """The torch device of a name, with or without PYTORCH. "auto" is a GPU if there is one, else the CPU.

    Raises:
        TarError: the device is not available.
    """
    name = name.removeprefix(PYTORCH)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # not possible on PyTorch's meta device
    except (RuntimeError, AssertionError, NotImplementedError):  # torch raises any of these
        raise TarError(f"the device {name!r} is not available; use auto or cpu") from None
    return device
