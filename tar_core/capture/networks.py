"""The networks of a capture, and where they run."""

import importlib.util
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tar_core.errors import TarError
from tar_core.model.config import BLAZEPOSE
from tar_core.model.face_landmarks import FaceLandmarks
from tar_core.model.features import FrameFeatures, Landmarks
from tar_core.model.hand_landmarks import HandLandmarks
from tar_core.model.keypoints import Keypoints
from tar_core.model.weights import Checkpoint, read_checkpoint
from tar_core.options import CaptureOptions
from tar_core.people.detector import PersonDetector
from tar_core.people.track import Sighting
from tar_core.runtime.graphs import (
    BACKBONE,
    DECODE,
    DETECTOR,
    ENCODE,
    FACES,
    FEATURES,
    HANDS,
    KEYPOINTS,
    PYTORCH,
    Runtime,
)
from tar_core.runtime.onnx_runtime import PROVIDERS, OnnxRuntime, available_devices, is_exported
from tar_core.workers import cores, may_have_gpu

logger = logging.getLogger(__name__)

TORCH_DEVICES = ("cuda", "mps")


class Networks:
    """The networks of a capture.

    Args:
        runtime: runs them.
        has_detector: False if the person is given by a box.

    Attributes:
        runtime: runs them.
        detector: finds people in whole frames; None without.
    """

    def __init__(self, runtime: Runtime, has_detector: bool = True) -> None:
        self.runtime = runtime
        self.detector = PersonDetector(runtime) if has_detector else None

    @classmethod
    def load(cls, options: CaptureOptions) -> "Networks":
        """Prepare the networks that a capture with these options needs. Each is loaded when it is first used.

        Raises:
            TarError: an unusable checkpoint, or a device that is not available.
        """
        runtime = load_runtime(options.device, options.checkpoint, options.threads)
        networks = cls(runtime, has_detector=options.box is None)
        # They load while the first frame is decoded, in the order in which they are needed.
        runtime.prepare(BACKBONE)
        runtime.prepare(*((DETECTOR, KEYPOINTS) if networks.detector else ()), ENCODE, DECODE)
        return networks

    @classmethod
    def load_shared(cls, options: CaptureOptions) -> "Networks | None":
        """Prepare networks that several threads use at the same time; None if that would gain nothing.

        PyTorch on a GPU is fast with large batches only. On a CPU, separate processes are faster.

        Raises:
            TarError: as for `load`.
        """
        is_asked_for = options.device.startswith(PYTORCH)
        may_gain = is_asked_for or options.device in TORCH_DEVICES or (options.device == "auto" and may_use_gpu())
        if not (may_gain and has_torch()):
            return None
        runtime = load_runtime(options.device, options.checkpoint, options.threads)
        if runtime.device == "cpu" and not is_asked_for:
            return None
        from tar_core.runtime.batching import BatchingRuntime

        return cls(BatchingRuntime(runtime))

    def backbone(self, crops: np.ndarray) -> FrameFeatures:
        """BlazePose's features of crops [N, 256, 256, 3], uint8 RGB."""
        vector, local_map, *landmarks = self.runtime.run(BACKBONE, crops=crops)
        return FrameFeatures(vector, local_map, Landmarks(*landmarks))

    def with_own_features(self, sightings: Sequence[Sighting], image: np.ndarray) -> list[Sighting]:
        """Sightings with the features that the network was trained on, for a network whose backbone is not BlazePose.

        Args:
            sightings: with BlazePose's features and landmarks, which follow the people.
            image: [H, W, 3] uint8 RGB, the frame.
        """
        if self.runtime.config.backbone == BLAZEPOSE or not sightings:
            return list(sightings)
        crops = np.stack([sighting.crop.cut(image) for sighting in sightings])
        vectors, maps = self.runtime.run(FEATURES, crops=crops)
        own = [
            FrameFeatures(vectors[row : row + 1], maps[row : row + 1], sighting.features.landmarks)
            for row, sighting in enumerate(sightings)
        ]
        return [replace(sighting, features=features) for sighting, features in zip(sightings, own, strict=True)]

    def movenet(self, crops: np.ndarray) -> Keypoints:
        """Keypoints of the people in the middle of crops [N, 256, 256, 3], uint8 RGB."""
        return Keypoints(*self.runtime.run(KEYPOINTS, crops=crops))

    def hands(self, crops: np.ndarray) -> HandLandmarks:
        """Landmarks of the hands in crops [N, 224, 224, 3], uint8 RGB."""
        return HandLandmarks(*self.runtime.run(HANDS, hand_crops=crops))

    def faces(self, crops: np.ndarray) -> FaceLandmarks:
        """Landmarks of the faces in crops [N, 192, 192, 3], uint8 RGB."""
        return FaceLandmarks(*self.runtime.run(FACES, face_crops=crops))


def load_runtime(device: str = "auto", checkpoint: Path | None = None, threads: int | None = None) -> Runtime:
    """Load what runs the networks.

    ONNX Runtime runs them on the CPU, and on the devices of its execution providers; PyTorch runs them on a GPU, and
    networks other than the default one. If a device is not available, a warning is logged and the CPU is used.

    Args:
        device: "auto" (a GPU if PyTorch supports it, else the CPU), "cpu", "cuda" or "mps" (PyTorch), "coreml",
            "directml" or "openvino" (ONNX Runtime), or "torch:cpu" for PyTorch on the CPU.
        checkpoint: of TAR. Default: the one that comes with the package.
        threads: number of threads on the CPU, at most one for each core. Default: half of the cores, at least two.

    Raises:
        TarError: an unusable checkpoint, or an unknown device.
    """
    # Decoding and TAR run beside the backbone, but most of the time they wait for it.
    threads = min(threads or max(2, cores() // 2), cores())
    loaded = read_checkpoint(checkpoint)
    has_graphs = is_exported(loaded.config)
    if device == "auto" and not may_use_gpu():
        device = "cpu"
    if has_graphs and device in ("cpu", *available_devices()) and not (device in TORCH_DEVICES and has_torch()):
        return OnnxRuntime(loaded, threads, device)
    if device in (*TORCH_DEVICES, *PROVIDERS) and not (device in TORCH_DEVICES and has_torch() and is_usable(device)):
        logger.warning(f"the device {device} is not available here; the CPU is used instead")
        return load_runtime("cpu", checkpoint, threads)
    if not has_torch():
        reason = "this checkpoint" if device == "cpu" else f"the device {device}"
        raise TarError(f"{reason} needs PyTorch, which is not installed", "pytorch")
    return _load_torch_runtime(device, loaded, threads)


def has_torch() -> bool:
    """Whether PyTorch is installed. Importing it takes a second."""
    return importlib.util.find_spec("torch") is not None


def is_usable(device: str) -> bool:
    """Whether PyTorch can use a device."""
    from tar_core.runtime.torch_runtime import choose_device

    try:
        choose_device(device)
    except TarError:
        return False
    return True


def _load_torch_runtime(device: str, checkpoint: Checkpoint, threads: int) -> Runtime:
    import torch

    from tar_core.model.backbones.pretrained import backbone_of
    from tar_core.model.checkpoint import tar_of
    from tar_core.runtime.torch_runtime import TorchRuntime, choose_device

    chosen = choose_device(device)
    if chosen.type == "cpu":
        torch.set_num_threads(threads)
    return TorchRuntime(tar_of(checkpoint, chosen), backbone_of(checkpoint))


def may_use_gpu() -> bool:
    """Whether PyTorch is installed and the machine may have a GPU. PyTorch knows, but takes a second to import."""
    return has_torch() and may_have_gpu()
