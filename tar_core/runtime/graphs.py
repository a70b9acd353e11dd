"""The networks of a capture as functions of NumPy arrays, the graphs, and what runs them.

    backbone    crops -> features of single frames, landmarks         (BlazePose)
    detector    image -> boxes, scores
    keypoints   crops -> points, scores                               (MoveNet)
    hands       crops -> points, code, cells, presence
    faces       crops -> points, presence
    features    crops -> features of single frames                    (the backbone of another network than the default)
    encode      features of frames -> what their windows share        (TAR)
    decode      encoded frames -> bodies in their middle frames       (TAR)

`modules.py` defines them in PyTorch. N is a number of crops or frames, W a number of windows, B a batch of images.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from tar_core.arrays import Array
from tar_core.model.config import TARConfig

DETECTOR_SIZE = 300  # pixels
PYTORCH = "torch:"  # before the name of a device, to run PyTorch where ONNX Runtime would run

_CAMERA = ("focal_length", "center", "size", "roll")  # the fields of CropCamera
_LOCAL = ("past", "future", "past_first", "future_first")  # the fields of LocalFrames


@dataclass(frozen=True)
class Graph:
    """A function of named arrays.

    Attributes:
        name: of the function.
        inputs: names of the arrays that it takes.
        outputs: names of the arrays that it returns, in this order.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


# crops [N, 256, 256, 3] uint8 RGB; the outputs are the fields of FrameFeatures and Landmarks.
BACKBONE = Graph("backbone", ("crops",), ("vector", "local_map", "points", "visibility", "presence", "world", "score"))
# The same crops; only on PyTorch, for a network whose backbone has no landmarks.
FEATURES = Graph("features", ("crops",), ("vector", "local_map"))
# images [B, 300, 300, 3] uint8 RGB; boxes [B, 1917, 4] x0, y0, x1, y1 as fractions of the side; scores [B, 1917].
DETECTOR = Graph("detector", ("images",), ("boxes", "scores"))
# crops [N, 256, 256, 3] uint8 RGB; the outputs are the fields of Keypoints.
KEYPOINTS = Graph("keypoints", ("crops",), ("points", "scores"))
# crops [N, 224, 224, 3] uint8 RGB; the outputs are the fields of HandLandmarks.
HANDS = Graph("hands", ("hand_crops",), ("hand_points", "code", "cells", "presence"))
# crops [N, 192, 192, 3] uint8 RGB; the outputs are the fields of FaceLandmarks.
FACES = Graph("faces", ("face_crops",), ("face_points", "presence"))
# Features of N frames, and their cameras except for the roll; the outputs are `embedded` and the encoded maps.
ENCODE = Graph("encode", ("vector", "local_map", "focal_length", "center", "size"), ("embedded", *_LOCAL))
# N encoded frames of a track, the indices `middles` [W] int64 and `stride` [] int64, as in `TAR.decode_windows`; the
# outputs are the fields of FrameResult for the frames `middles`.
DECODE = Graph(
    "decode",
    (
        *("embedded", *_LOCAL, "local_map", "points", "visibility", "world", "score"),
        *(*_CAMERA, "middles", "stride"),
    ),
    ("poses", "betas", "trans", "confidence", "joint_errors"),
)
# The same for several tracks, one after the other: `stride` is [W, 1], and `first` and `last` [W] int64 are the indices
# of the first and last frame of the track that a window is in. Only on PyTorch.
DECODE_TRACKS = Graph("decode_tracks", (*DECODE.inputs, "first", "last"), DECODE.outputs)
GRAPHS = (BACKBONE, DETECTOR, KEYPOINTS, HANDS, FACES, ENCODE, DECODE)  # those that are exported


class Runtime(ABC):
    """Runs the graphs of one network on one device; may be used by several threads.

    Attributes:
        config: configuration of TAR.
        device: name of the device, such as "cpu" or "cuda".
    """

    config: TARConfig
    device: str

    @abstractmethod
    def run(self, graph: Graph, **inputs: Array) -> list[Array]:
        """Run a graph on its inputs, and return its outputs. The graph is loaded when it is first used.

        Arrays are NumPy's, except for outputs that are only inputs of other graphs, such as maps. They may be tensors,
        so that they stay on the device.

        Raises:
            TarError: the weights do not fit, or the device is out of memory.
        """

    @abstractmethod
    def prepare(self, *graphs: Graph) -> None:
        """Begin to load graphs, one after the other, in another thread, if that takes long."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Name and version of the library, for the user."""
